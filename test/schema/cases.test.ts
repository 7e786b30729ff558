// Entities and inputs with the verdict, the error tree and message that the Admin API gives, or what is stored.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import type { Entity, ErrorTree } from '../../src/schema/define.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { describeErrors, processEntity } from '../../src/schema/validate.ts';

interface Case {
  readonly entity: string;
  readonly title: string;
  readonly input: JsonObject;
  readonly existing?: JsonObject;
  readonly valid: boolean;
  readonly errors?: ErrorTree;
  readonly message?: string;
  /** The texts in `errors` are beginnings: the rest is the regular expression engine's. */
  readonly prefixes?: boolean;
  /** Some of the stored fields. */
  readonly stored?: JsonObject;
}

const folder = new URL('../../fixtures/schema/', import.meta.url);
const cases = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as Case[];
const schemas = createSchemas(pluginSchemas);
const pem = (name: string): string => readFileSync(new URL(`${name}.pem`, folder), 'utf8');

/** `@name` stands for a file, `@@name` for the same twice. */
function fill(value: Json): Json {
  if (typeof value === 'string') {
    if (value.startsWith('@@')) return `${pem(value.slice(2))}\n${pem(value.slice(2))}`;
    return value.startsWith('@') ? pem(value.slice(1)) : value;
  }
  if (Array.isArray(value)) return value.map(fill);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)])) : value;
}

/** Every leaf of `actual` begins with the leaf of `expected` at the same place. */
function assertBegins(actual: unknown, expected: unknown): void {
  if (typeof expected === 'string') {
    assert.ok(
      typeof actual === 'string' && actual.startsWith(expected),
      `${String(actual)} does not begin with ${expected}`,
    );
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    assert.equal(actual, expected);
    return;
  }
  assert.deepEqual(Object.keys(actual as object).sort(), Object.keys(expected).sort());
  for (const [key, item] of Object.entries(expected)) assertBegins((actual as Record<string, unknown>)[key], item);
}

/** What the case says of a record, the stored one may say more of. */
function assertContains(actual: Json | undefined, expected: Json): void {
  if (!isObject(expected)) return assert.deepEqual(actual, expected);
  for (const [key, item] of Object.entries(expected)) assertContains((actual as JsonObject)[key], item as Json);
}

for (const one of cases) {
  const verdict = one.valid ? 'is accepted' : 'is refused';
  test(`${one.entity} ${one.existing === undefined ? '' : 'update '}"${one.title}" ${verdict}`, () => {
    const existing = one.existing === undefined ? {} : { existing: fill(one.existing) as Entity };
    const auto = { now: () => 1_700_000_000_000 };
    const result = processEntity(schemas, schemaOf(schemas, one.entity), fill(one.input) as JsonObject, {
      auto,
      ...existing,
    });
    assert.equal(result.ok, one.valid, result.ok ? 'accepted' : JSON.stringify(result.errors));
    if (result.ok) {
      if (one.stored !== undefined) assertContains(result.entity, fill(one.stored));
      return;
    }
    if (one.errors !== undefined) {
      if (one.prefixes === true) assertBegins(result.errors, one.errors);
      else assert.deepEqual(JSON.parse(JSON.stringify(result.errors)), one.errors);
    }
    if (one.message !== undefined && one.prefixes !== true) assert.equal(describeErrors(result.errors), one.message);
  });
}
