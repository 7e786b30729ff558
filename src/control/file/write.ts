// The text of a state file. YAML is written so that readers of YAML 1.1 and 1.2 understand the same (`"on"` in quotes), with
// long texts such as certificates as literal blocks.
import type { JsonObject } from '../../lib/json.ts';

export type FileFormat = 'yaml' | 'json';

export async function writeStateText(content: JsonObject, format: FileFormat): Promise<string> {
  if (format === 'json') return `${JSON.stringify(content, null, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(content, {
    version: '1.2',
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
    blockQuote: 'literal',
    lineWidth: 0,
    indentSeq: false,
  });
}
