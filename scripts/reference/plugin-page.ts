// The page of one plugin: when it runs and for what, an example, its configuration.
import { writeStateText } from '../../src/control/file/write.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { PluginDefinition } from '../../src/pdk/index.ts';
import type { Field } from '../../src/schema/define.ts';
import { checkLines, fieldTable } from '../../src/schema/markdown.ts';
import { foreignFields, type SchemaSet, schemaOf } from '../../src/schema/schema-set.ts';
import { isValidState, minimalEntity } from './example.ts';

/** @param readme what the folder of the plugin says of it. */
export async function pluginPage(
  schemas: SchemaSet,
  plugin: PluginDefinition,
  readme: string | undefined,
): Promise<string> {
  const parts = [`# ${plugin.name}`];
  const about = readme?.split('\n\n')[1];
  // A page of another plugin is beside this one.
  const toPages = (text: string): string => text.replace(/\]\(\.\.\/([a-z0-9-]+)\/README\.md\)/g, ']($1.md)');
  if (about !== undefined && !about.startsWith('```')) parts.push(toPages(about));
  if (plugin.handler === undefined) {
    parts.push('The configuration of this plugin is validated and stored. `gwctl serve` does not execute it yet.');
  }
  parts.push(factTable(schemas, plugin));
  const example = await exampleOf(schemas, plugin, readme);
  if (example !== undefined) parts.push(`\`\`\`yaml\n${example.trimEnd()}\n\`\`\``);
  const { config } = plugin.schema.fields;
  if (config?.type === 'record' && Object.keys(config.fields).length > 0) {
    parts.push('## Configuration', fieldTable(config.fields, config.shorthand_fields));
  } else parts.push('It has no configuration.');
  const lines = [
    ...checkLines(plugin.schema.entity_checks ?? []),
    ...(config?.type === 'record' ? checkLines(config.entity_checks ?? []) : []),
  ];
  if (lines.length > 0) parts.push('## Rules', lines.map((line) => `- ${line}`).join('\n'));
  if (plugin.entities !== undefined && plugin.entities.length > 0) {
    const links = plugin.entities.map(({ name, describes }) => `- [${name}](../entities/${name}.md): ${describes}`);
    parts.push('## Entities', links.join('\n'));
  }
  if (readme !== undefined) {
    parts.push(`How it behaves in detail: [README of the plugin](../../../src/plugins/${plugin.name}/README.md).`);
  }
  return parts.join('\n\n');
}

function factTable(schemas: SchemaSet, plugin: PluginDefinition): string {
  const entity = schemaOf(schemas, 'plugins');
  const scopes = foreignFields(entity)
    .filter(([name]) => plugin.schema.fields[name]?.eq !== null)
    .map(([name]) => name);
  const protocols = plugin.schema.fields['protocols'] ?? entity.fields['protocols'];
  return [
    '| priority | scope | protocols | version |',
    '|---|---|---|---|',
    `| ${plugin.priority} | ${['global', ...scopes].join(', ')} | ${protocolText(protocols)} | ${plugin.version} |`,
  ].join('\n');
}

/** The default, and what else may be chosen. */
function protocolText(field: Field | undefined): string {
  if (field?.type !== 'set' || field.elements.type !== 'string') return '';
  const chosen = (field.default ?? []) as readonly string[];
  const others = (field.elements.one_of ?? []).filter((protocol) => !chosen.includes(protocol));
  return others.length === 0 ? chosen.join(', ') : `${chosen.join(', ')}; also ${others.join(', ')}`;
}

/** That of the README when the loader takes it, else the smallest there is. */
async function exampleOf(
  schemas: SchemaSet,
  plugin: PluginDefinition,
  readme: string | undefined,
): Promise<string | undefined> {
  const written = /^```yaml\n([\s\S]*?)^```$/m.exec(readme ?? '')?.[1];
  if (written !== undefined && (await isValidState(schemas, written))) return written;
  const entity: JsonObject | undefined = minimalEntity(schemas, schemaOf(schemas, 'plugins'), { name: plugin.name });
  if (entity === undefined) return undefined;
  const text = await writeStateText({ _format_version: '3.0', plugins: [entity] }, 'yaml');
  return (await isValidState(schemas, text)) ? text : undefined;
}
