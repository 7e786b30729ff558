// `_info.defaults`: what holds in these files where an entity of the kind does not say otherwise. Several files add up here too.
import { cloneJson, isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { EntitySchema } from '../../schema/define.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { nearest, type Path } from './diagnostics.ts';
import type { FileHeader, Report } from './header.ts';
import type { SourceText } from './sources.ts';

export function readDefaults(
  schemas: SchemaSet,
  value: Json,
  source: SourceText,
  header: FileHeader,
  report: Report,
): void {
  if (value === null) return;
  if (!isObject(value)) {
    report(['_info', 'defaults'], "'_info.defaults' must be a mapping of kinds");
    return;
  }
  const kinds = new Map([...schemas.entities.values()].map((schema) => [schema.deck?.kind ?? schema.name, schema]));
  for (const [kind, defaults] of Object.entries(value)) {
    const path = ['_info', 'defaults', kind];
    const schema = kinds.get(kind);
    if (schema === undefined) {
      const near = nearest(kind, kinds.keys());
      report(path, `unknown kind '${kind}'`, {
        at: 'key',
        ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
      });
    } else if (defaults === null) continue;
    else if (!isObject(defaults)) report(path, `the defaults of '${kind}' must be a mapping`);
    else {
      const known = header.defaults.get(schema.name) ?? {};
      header.defaults.set(schema.name, known);
      addUp(known, takeFields(schema, defaults, path, report), path, source, header, report);
    }
  }
}

/** The defaults that can be ones. */
function takeFields(schema: EntitySchema, defaults: JsonObject, path: Path, report: Report): JsonObject {
  const fields = [...Object.keys(schema.fields), ...Object.keys(schema.shorthand_fields ?? {})];
  const taken = Object.entries(defaults).filter(([name]) => {
    const isIdentity = name === 'id' || name === schema.endpoint_key;
    if (isIdentity) report([...path, name], `'${name}' cannot have a default: it tells entities apart`, { at: 'key' });
    const isUnknown = !fields.includes(name);
    if (isUnknown) {
      const near = nearest(name, fields);
      report([...path, name], `unknown field '${name}'`, {
        at: 'key',
        ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
      });
    }
    return !isIdentity && !isUnknown;
  });
  return Object.fromEntries(taken);
}

/** Two files may both say something about one record; only different values of one field are a contradiction. */
function addUp(
  known: JsonObject,
  added: JsonObject,
  path: Path,
  source: SourceText,
  header: FileHeader,
  report: Report,
): void {
  for (const [key, value] of Object.entries(added)) {
    const at = [...path, key];
    const before = known[key];
    if (isObject(value) && (before === undefined || isObject(before))) {
      const record = before ?? {};
      known[key] = record;
      addUp(record, value, at, source, header, report);
    } else if (before === undefined) {
      known[key] = value;
      header.places.set(at.join('.'), { source, path: at });
    } else if (!isEqual(before, value)) {
      const other = header.places.get(at.join('.'));
      report(at, `another file gives '${key}' another value`, other === undefined ? {} : { other });
    }
  }
}

export function applyDefaults(defaults: JsonObject = {}, fields: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) fields[key] = orDefault(fields[key], value);
}

/** Null and an empty list say nothing here: the default holds. Records are looked into. */
function orDefault(own: Json | undefined, value: Json): Json {
  if (own === undefined || own === null || (Array.isArray(own) && own.length === 0)) return cloneJson(value);
  if (!isObject(own) || !isObject(value)) return own;
  const filled = Object.entries(value).map(([key, inner]) => [key, orDefault(own[key], inner)]);
  return { ...own, ...Object.fromEntries(filled) };
}
