// What may stand where in a state file, read off the schemas: sections, fields, nested children, and the few keys that
// belong to the format itself. The same rules read files (lower), write them (raise) and suggest names in errors.
import type { EntitySchema, Field, Fields } from '../../schema/define.ts';
import { foreignFields, type SchemaSet } from '../../schema/schema-set.ts';

export interface ChildForm {
  readonly schema: EntitySchema;
  /** The child's field that points to the parent. */
  readonly field: string;
}

export interface LinkedForm extends ChildForm {
  /** The link's field that an item of the list is the value of. */
  readonly other: string;
}

export interface EntityForm {
  readonly schema: EntitySchema;
  /** Key of the nested list → what its items are. */
  readonly children: ReadonlyMap<string, ChildForm>;
  /** Key of a nested list of references → what each of them makes. */
  readonly links: ReadonlyMap<string, LinkedForm>;
  readonly foreign: readonly (readonly [string, Extract<Field, { type: 'foreign' }>])[];
  /** Fields whose value alone names an entity of this kind in a reference, the preferred first. */
  readonly names: readonly string[];
  /** The field whose schema depends on the entity (`config`), and the key that refers to a shared value for it. */
  readonly open: { readonly field: string; readonly key: string; readonly section: string } | undefined;
}

export type Grammar = ReadonlyMap<string, EntityForm>;

/** Keys that carry no meaning for the gateway and may stand in the file and in every entity. */
export const IGNORED_KEYS: ReadonlySet<string> = new Set(['_comment', '_ignore']);

export function createGrammar(schemas: SchemaSet): Grammar {
  const forms = new Map<string, EntityForm>();
  // What has no form in files (a workspace) is no section either.
  const inFiles = [...schemas.entities.values()].filter((schema) => schema.deck !== undefined);
  for (const schema of inFiles) {
    const children = new Map<string, ChildForm>();
    for (const child of inFiles) {
      const nested = foreignFields(child).find(
        ([, field]) => field.reference === schema.name && field.in_file?.nest === true,
      );
      if (nested !== undefined) children.set(child.name, { schema: child, field: nested[0] });
    }
    forms.set(schema.name, {
      schema,
      children,
      links: linksOf(schema, inFiles),
      foreign: foreignFields(schema),
      names: namingFields(schema),
      open: openField(schema),
    });
  }
  return forms;
}

function linksOf(schema: EntitySchema, all: readonly EntitySchema[]): Map<string, LinkedForm> {
  const links = new Map<string, LinkedForm>();
  for (const link of all) {
    const keys = link.deck?.link?.in_file ?? {};
    for (const [field, key] of Object.entries(keys)) {
      const definition = link.fields[field];
      const other = Object.keys(keys).find((name) => name !== field);
      if (other === undefined || definition?.type !== 'foreign' || definition.reference !== schema.name) continue;
      links.set(key, { schema: link, field, other });
    }
  }
  return links;
}

export const formOf = (grammar: Grammar, kind: string): EntityForm => grammar.get(kind)!;

function namingFields(schema: EntitySchema): string[] {
  const names = schema.endpoint_key === undefined ? [] : [schema.endpoint_key];
  for (const key of schema.deck?.identity ?? []) {
    if (key.length === 1 && !names.includes(key[0]!)) names.push(key[0]!);
  }
  return names;
}

function openField(schema: EntitySchema): EntityForm['open'] {
  for (const [field, definition] of Object.entries(schema.fields)) {
    if (definition.type === 'record' && definition.abstract === true) {
      return { field, key: `_${field}`, section: `_${schema.deck?.kind ?? schema.name}_${field}s` };
    }
  }
  return undefined;
}

/** Fields of which one set of values is one entity; the preferred first. */
export function identityOf(schema: EntitySchema): readonly (readonly string[])[] {
  return schema.deck?.identity ?? (schema.endpoint_key === undefined ? [] : [[schema.endpoint_key]]);
}

/** Every key that is legal directly inside an entity of this form. */
export function legalKeys(form: EntityForm, fields: Fields): string[] {
  return [
    ...Object.keys(fields),
    ...Object.keys(form.schema.shorthand_fields ?? {}),
    ...form.children.keys(),
    ...form.links.keys(),
    ...(form.open === undefined ? [] : [form.open.key]),
    ...IGNORED_KEYS,
  ];
}

/** The field at a path inside an entity, through records, lists and maps. */
export function fieldAtPath(fields: Fields, path: readonly (string | number)[]): Field | undefined {
  let scope: Fields = fields;
  let field: Field | undefined;
  for (const step of path) {
    if (field?.type === 'array' || field?.type === 'set') field = field.elements;
    else if (field?.type === 'map') field = field.values;
    else field = Object.hasOwn(scope, String(step)) ? scope[String(step)] : undefined;
    if (field === undefined) return undefined;
    scope = field.type === 'record' ? field.fields : {};
  }
  return field;
}

/** What a field takes, in words. */
export function describeField(field: Field): string {
  if (field.eq !== undefined) return field.eq === null ? 'no value' : JSON.stringify(field.eq);
  switch (field.type) {
    case 'string':
      if (field.one_of !== undefined) return `one of ${field.one_of.join(', ')}`;
      if (field.uuid === true) return 'a UUID';
      if (field.starts_with !== undefined) return `a text that starts with ${field.starts_with}`;
      return 'a text';
    case 'integer':
    case 'number': {
      const noun = field.type === 'integer' ? 'a whole number' : 'a number';
      if (field.one_of !== undefined) return `one of ${field.one_of.join(', ')}`;
      if (field.between !== undefined) return `${noun} from ${field.between[0]} to ${field.between[1]}`;
      return field.gt === undefined ? noun : `${noun} above ${field.gt}`;
    }
    case 'boolean':
      return 'true or false';
    case 'array':
    case 'set':
      return `a list, each item ${describeField(field.elements)}`;
    case 'map':
      return `a mapping, each value ${describeField(field.values)}`;
    case 'record': {
      const names = Object.keys(field.fields);
      return names.length === 0
        ? 'a mapping'
        : `a mapping with the keys ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`;
    }
    case 'foreign':
      return `the name or id of one of the ${field.reference}`;
  }
}
