// Fields for a terminal: name, type and default on one line, what it means below it.
import { GwctlError } from '../../lib/errors.ts';
import type { EntityCheck, Fields, Shorthands } from '../../schema/define.ts';
import { checkLines, fieldLines } from '../../schema/markdown.ts';
import type { Theme } from '../theme.ts';

export interface SchemaText {
  readonly title: string;
  readonly fields: Fields;
  readonly shorthands?: Shorthands | undefined;
  readonly checks: readonly EntityCheck[];
}

export function schemaText({ title, fields, shorthands, checks }: SchemaText, theme: Theme): string {
  const lines = [title, ''];
  for (const { name, type, value, isMandatory, text } of fieldLines(fields, shorthands)) {
    const notes = [type, isMandatory ? 'required' : '', value === '' ? '' : `default ${plain(value)}`];
    lines.push(`${name}  ${theme.faint(notes.filter((note) => note !== '').join(', '))}`);
    if (text !== '') lines.push(`    ${plain(text)}`);
  }
  const rules = checkLines(checks);
  if (rules.length > 0) lines.push('', 'Rules', ...rules.map((rule) => `  - ${plain(rule)}`));
  return `${lines.join('\n')}\n`;
}

/** The texts are Markdown; its marks of code say nothing here. */
const plain = (text: string): string => text.replaceAll('`', '');

export function unknownName(noun: string, name: string, known: Iterable<string>, near: string | undefined): GwctlError {
  return new GwctlError('E_USAGE', `there is no ${noun} named '${name}'`, {
    hint: near === undefined ? `Known: ${[...known].sort().join(', ')}.` : `Did you mean '${near}'?`,
  });
}
