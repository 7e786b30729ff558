// What clients are told of a schema: words of Kong's, and nothing that only this program knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import { isObject, type Json } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { describeEntity, describeSubschema } from '../../src/schema/describe.ts';

const OURS = ['in_file', 'takes', 'computed', 'hashed', 'custom_validator', 'children', 'unordered'];

/** Keys at any depth. */
function keysOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return isObject(value) ? Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]) : [];
}

test('schemas tell nothing of our own words', () => {
  const schemas = createSchemas(pluginSchemas);
  const plugins = schemas.subschemaNames('plugins').map((name) => schemas.subschema('plugins', name)!);
  const told = [...[...schemas.entities.values()].map(describeEntity), ...plugins.map(describeSubschema)];
  const keys = new Set(told.flatMap(keysOf));
  assert.deepEqual(
    OURS.filter((word) => keys.has(word)),
    [],
  );
});

test('checks that are code are told by the fields they look at, in their place among the others', () => {
  const { entity_checks, fields } = describeEntity(createSchemas(pluginSchemas).entities.get('certificates')!);
  assert.deepEqual(entity_checks, [
    { mutually_required: ['cert_alt', 'key_alt'] },
    { custom_entity_check: { field_sources: ['cert', 'key'] } },
    { custom_entity_check: { field_sources: ['cert_alt', 'key_alt'] } },
    { custom_entity_check: { field_sources: ['cert', 'cert_alt'] } },
  ]);
  const snis = (fields as { snis?: { transient?: boolean } }[]).find((field) => 'snis' in field)?.snis;
  assert.equal(snis?.transient, true, 'it is computed for answers, not stored');
});
