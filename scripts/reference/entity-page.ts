// The page of one entity: where it stands in state files and in the Admin API, its fields, and what must hold between them.
import { apiName, listEndpoints } from '../../src/admin/endpoint.ts';
import { createGrammar, identityOf } from '../../src/control/file/grammar.ts';
import { writeStateText } from '../../src/control/file/write.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { EntitySchema, Subschema } from '../../src/schema/define.ts';
import { checkLines, fieldTable } from '../../src/schema/markdown.ts';
import { isMandatory } from '../../src/schema/requirements.ts';
import { foreignFields, type SchemaSet } from '../../src/schema/schema-set.ts';
import { isValidState, minimalEntity, nameSample } from './example.ts';

/** @param owner the plugin that brings this entity. */
export async function entityPage(schemas: SchemaSet, schema: EntitySchema, owner: string | undefined): Promise<string> {
  const parts = [`# ${schema.name}`, `${sentence(schema.describes)}${ownedBy(owner)}`, placeText(schemas, schema)];
  const example = await exampleOf(schemas, schema);
  if (example !== undefined) parts.push(`\`\`\`yaml\n${example}\`\`\``);
  parts.push('## Fields', fieldTable(schema.fields, schema.shorthand_fields));
  if (schema.ttl === true) parts.push('An entity may have a `ttl`: seconds until it is removed.');
  const lines = checkLines(schema.entity_checks ?? []);
  if (lines.length > 0) parts.push('## Rules', bullets(lines));
  parts.push(...subschemaTexts(schemas, schema));
  return parts.join('\n\n');
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const ownedBy = (owner: string | undefined): string =>
  owner === undefined ? '' : ` It belongs to the plugin [${owner}](../plugins/${owner}.md).`;
const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');
const words = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function placeText(schemas: SchemaSet, schema: EntitySchema): string {
  const form = createGrammar(schemas).get(schema.name);
  const lines: string[] = [];
  if (form === undefined) lines.push('**State files:** not part of them.');
  else {
    const parents = foreignFields(schema).filter(([, field]) => field.in_file?.nest === true);
    const nested = parents.map(([, field]) => `[${field.reference}](${field.reference}.md)`);
    const inside = nested.length === 0 ? '' : `, or in a list \`${schema.name}\` inside of ${nested.join(', ')}`;
    lines.push(`**State files:** the section \`${schema.name}\`${inside}.`);
    if (form.children.size > 0) lines.push(`**Nested in it:** ${words([...form.children.keys()])}.`);
  }
  const keys = identityOf(schema).map((fields) => words(fields));
  if (keys.length > 0) lines.push(`**Told apart by:** ${keys.join(', else ')}.`);
  const paths = listEndpoints(schemas).filter(
    (path) => path === `/${apiName(schema)}` || path.endsWith(`/{${schema.name}}`),
  );
  if (paths.length > 0 && schema.generate_admin_api !== false) lines.push(`**Admin API:** ${words(paths)}.`);
  return bullets(lines);
}

async function exampleOf(schemas: SchemaSet, schema: EntitySchema): Promise<string | undefined> {
  const key = schema.subschema_key;
  const named = key !== undefined && schema.fields[key]?.type === 'string' ? schemas.subschemaNames(schema.name) : [''];
  for (const name of named) {
    const start: JsonObject = name === '' ? nameSample(schema) : { [key!]: name };
    const entity = minimalEntity(schemas, schema, start);
    if (entity === undefined) continue;
    const text = await writeStateText(placed(schemas, schema, entity), 'yaml');
    if (await isValidState(schemas, text)) return text;
  }
  return undefined;
}

/** Inside of the parent that it needs, when it needs one. */
function placed(schemas: SchemaSet, schema: EntitySchema, entity: JsonObject): JsonObject {
  const head = { _format_version: '3.0' };
  const parent = foreignFields(schema).find(([, field]) => field.in_file?.nest === true && isMandatory(field));
  const above = parent === undefined ? undefined : schemas.entities.get(parent[1].reference);
  const around = above === undefined ? undefined : minimalEntity(schemas, above, nameSample(above));
  if (above === undefined || around === undefined) return { ...head, [schema.name]: [entity] };
  return { ...head, [above.name]: [{ ...around, [schema.name]: [entity] }] };
}

/** What plugins, kinds of vaults or protocols change. */
function subschemaTexts(schemas: SchemaSet, schema: EntitySchema): string[] {
  const key = schema.subschema_key;
  if (key === undefined) return [];
  const groups = new Map<Subschema, string[]>();
  for (const name of schemas.subschemaNames(schema.name)) {
    const subschema = schemas.subschema(schema.name, name)!;
    groups.set(subschema, [...(groups.get(subschema) ?? []), name]);
  }
  if (groups.size > 10) {
    const names = [...groups.values()].flat().sort();
    const links = names.map((name) => `[${name}](../${schema.name}/${name}.md)`).join(', ');
    return [`## By ${key}`, `What \`config\` may hold depends on \`${key}\`: ${links}.`];
  }
  const parts = [`## By ${key}`];
  for (const [subschema, names] of groups) {
    parts.push(`### ${names.join(', ')}`);
    const unset = Object.entries(subschema.fields).filter(([, field]) => field.eq === null);
    const rest = Object.fromEntries(Object.entries(subschema.fields).filter(([, field]) => field.eq !== null));
    if (Object.keys(rest).length > 0) parts.push(fieldTable(rest));
    const lines = [
      ...(unset.length === 0 ? [] : [`${words(unset.map(([name]) => name))} must not be set.`]),
      ...checkLines(subschema.entity_checks ?? []),
    ];
    if (lines.length > 0) parts.push(bullets(lines));
  }
  return parts;
}
