// A state file as resources of the Konnect provider for Terraform: one for each entity, in the order of the file, with
// references in place of names. Every resource name is used once.
import { createHash } from 'node:crypto';
import { isObject, type JsonObject } from '../../../lib/json.ts';
import type { SchemaSet } from '../../../schema/schema-set.ts';
import { createGrammar, type Grammar } from '../../file/grammar.ts';
import { createFreeNames } from '../free-names.ts';
import { type ModelEntity, textField } from '../model.ts';
import { type HclValue, quote, withoutExpressions, writeBody } from './hcl.ts';
import {
  CREDENTIAL_SECRETS,
  DIVIDED,
  MEMBERSHIP,
  NAME_PREFIXES,
  NAMED_ALONE,
  PARENT_BY_ID,
  PROVIDER_PLUGINS,
  RESOURCE_WORDS,
} from './resources.ts';

export interface TerraformOptions {
  /** Writes imports of what has an id, for this control plane. */
  readonly importInto: string | undefined;
  readonly credentials: 'manage' | 'ignore-changes';
}

interface Resource {
  readonly entity: ModelEntity;
  readonly word: string;
  /** `konnect_gateway_…` */
  readonly type: string;
  readonly name: string;
}

const NOT_WRITTEN = ['id', 'created_at', 'updated_at', '_comment', '_ignore'];

export function writeTerraform(
  schemas: SchemaSet,
  entities: readonly ModelEntity[],
  options: TerraformOptions,
): string {
  const grammar = createGrammar(schemas);
  const resources = nameResources(schemas, grammar, entities);
  const blocks = [
    `variable "control_plane_id" {\n  type = string\n  default = ${quote(options.importInto ?? 'YOUR_CONTROL_PLANE_ID')}\n}\n`,
  ];
  for (const resource of resources.values()) {
    blocks.push(writeResource(grammar, resources, resource, options));
    blocks.push(...writeMemberships(resources, resource));
  }
  return blocks.join('\n');
}

function nameResources(
  schemas: SchemaSet,
  grammar: Grammar,
  entities: readonly ModelEntity[],
): Map<ModelEntity, Resource> {
  const resources = new Map<ModelEntity, Resource>();
  const giveName = createFreeNames();
  for (const entity of entities) {
    const word = wordOf(grammar, entity.kind);
    const type = typeOf(schemas, entity, word);
    const owners = entity.parent === undefined ? [...entity.links.values()] : [entity.parent];
    const above = owners.map((owner) => resources.get(owner)?.name).filter((name) => name !== undefined);
    const wanted = slug(nameOf(grammar, entity, word, above));
    const name = giveName(type, (number) => (number === 1 ? wanted : `${wanted}_${number}`));
    resources.set(entity, { entity, word, type, name });
  }
  return resources;
}

function wordOf(grammar: Grammar, kind: string): string {
  const word = grammar.get(kind)?.schema.deck?.kind ?? kind.replace(/s$/, '');
  return (RESOURCE_WORDS[word] ?? word).replaceAll('-', '_');
}

/** Some kinds have a resource for each name that the provider knows, and a general one for others. */
function typeOf(schemas: SchemaSet, entity: ModelEntity, word: string): string {
  const name = textField(entity, 'name');
  if (!DIVIDED.has(word) || name === undefined) return `konnect_gateway_${word}`;
  const isKnown = schemas.subschema(entity.kind, name) !== undefined || PROVIDER_PLUGINS.has(name);
  return isKnown ? `konnect_gateway_${word}_${name.replaceAll('-', '_')}` : `konnect_gateway_custom_${word}`;
}

function nameOf(grammar: Grammar, entity: ModelEntity, word: string, above: readonly string[]): string {
  const own = ownName(grammar, entity);
  if (NAMED_ALONE.has(word) || above.length === 0) return `${NAME_PREFIXES[word] ?? ''}${own}`;
  return [...above, ...(PARENT_BY_ID.has(word) ? [word] : []), own].join('_');
}

function ownName(grammar: Grammar, entity: ModelEntity): string {
  const names = [
    ...(grammar.get(entity.kind)?.names ?? []),
    'name',
    'key',
    'target',
    'group',
    'username',
    'client_id',
    'prefix',
  ];
  const found = names
    .filter((name) => name !== 'id')
    .map((name) => textField(entity, name))
    .find(Boolean);
  const hash = (text: string): string => createHash('md5').update(text).digest('hex');
  const certificate = textField(entity, 'cert');
  return certificate !== undefined ? `cert_${hash(certificate)}` : (found ?? hash(JSON.stringify(entity.fields)));
}

/** Letters of any language, digits and underscores. */
function slug(text: string): string {
  const plain = text
    .replaceAll(/[^\p{L}\p{Nd}_]/gu, '_')
    .replaceAll(/_{2,}/g, '_')
    .replaceAll(/^_|_$/g, '');
  return /^\p{Nd}/u.test(plain) ? `_${plain}` : plain;
}

function writeResource(
  grammar: Grammar,
  resources: ReadonlyMap<ModelEntity, Resource>,
  resource: Resource,
  options: TerraformOptions,
): string {
  const { entity, type, name, word } = resource;
  const form = grammar.get(entity.kind);
  const fields: Record<string, HclValue> = {};
  for (const [key, value] of Object.entries(entity.fields)) {
    if (!NOT_WRITTEN.includes(key)) fields[key] = value;
  }
  const isOwnResource = type.startsWith(`konnect_gateway_${word}_`);
  if (isOwnResource) delete fields['name'];
  const open = form?.open?.field;
  if (open !== undefined && !isOwnResource && isObject(entity.fields[open] ?? null)) {
    fields[open] = { expression: `jsonencode(${withoutExpressions(JSON.stringify(entity.fields[open]))})` };
  }
  const parts = [
    writeBody(fields, 1),
    writeParents(resources, resource),
    '  control_plane_id = var.control_plane_id\n',
  ];
  const lifecycle = options.credentials === 'ignore-changes' ? (CREDENTIAL_SECRETS[word] ?? []) : [];
  if (lifecycle.length > 0) {
    parts.push(
      `  lifecycle {\n    ignore_changes = [\n${lifecycle.map((field) => `      ${field}`).join(',\n')}\n    ]\n  }\n`,
    );
  }
  const text = `resource "${type}" "${name}" {\n${parts.filter((part) => part !== '').join('\n')}}\n`;
  return text + writeImport(resource, options);
}

/** What an entity belongs to or refers to: its parent and its links. */
function writeParents(resources: ReadonlyMap<ModelEntity, Resource>, { entity, word }: Resource): string {
  const targets = new Map(entity.links);
  const parent = entity.parent === undefined ? undefined : resources.get(entity.parent);
  if (parent !== undefined && ![...targets.values()].includes(parent.entity)) targets.set(parent.word, parent.entity);
  return [...targets]
    .map(([field, target]) => {
      const { type, name } = resources.get(target)!;
      if (PARENT_BY_ID.has(word)) return `  ${field}_id = ${type}.${name}.id\n`;
      return `  ${field} = {\n    id = ${type}.${name}.id\n  }\n`;
    })
    .join('\n');
}

function writeImport({ entity, type, name, word }: Resource, { importInto }: TerraformOptions): string {
  const id = textField(entity, 'id');
  if (importInto === undefined || id === undefined) return '';
  const keys: JsonObject = { id };
  if (PARENT_BY_ID.has(word) && entity.parent !== undefined) {
    const parentId = textField(entity.parent, 'id');
    // Without it the provider could not find it.
    if (parentId === undefined) return '';
    keys[`${entity.parent.kind.replace(/s$/, '')}_id`] = parentId;
  }
  const ordered = Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = [...ordered, ['control_plane_id', importInto]]
    .map(([key, value]) => `"${String(key)}": "${String(value)}"`)
    .join(', ');
  return `\nimport {\n  to = ${type}.${name}\n  id = ${quote(`{${text}}`)}\n}\n`;
}

/** The side that is a group writes its memberships down. */
function writeMemberships(
  resources: ReadonlyMap<ModelEntity, Resource>,
  { entity, word, type, name }: Resource,
): string[] {
  if (word !== MEMBERSHIP.group) return [];
  return entity.members.flatMap((member) => {
    const other = member.entity === undefined ? undefined : resources.get(member.entity);
    if (other === undefined) return [];
    return [
      `resource "${MEMBERSHIP.type}" "${name}_${other.name}" {\n  ${other.word}_id = ${other.type}.${other.name}.id\n` +
        `  ${word}_id = ${type}.${name}.id\n  control_plane_id = var.control_plane_id\n}\n`,
    ];
  });
}
