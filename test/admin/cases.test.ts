// Requests to the Admin API with what they are answered, each from an empty store, over HTTP.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { startAdmin } from './rig.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Later requests use values of this answer as `${name.field}`. */
  readonly as?: string;
}

interface Expected {
  readonly status: number;
  /** Part of the body. */
  readonly body?: Json;
  readonly body_equals?: Json;
  readonly body_text?: string;
  readonly body_contains?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly header_present?: readonly string[];
  readonly absent?: readonly string[];
  readonly length?: Readonly<Record<string, number>>;
  readonly match?: Readonly<Record<string, string>>;
  readonly fields_equals?: Json;
  /** Paths that are there, whatever they hold. */
  readonly present?: readonly string[];
  readonly array_contains?: Readonly<Record<string, Json[]>>;
  /** Members of flattened_errors, in any order. */
  readonly flattened?: Json[];
  readonly body_not_contains?: string;
  /** By kind: what some entity of it has. */
  readonly values_under_any_id?: Readonly<Record<string, Json[]>>;
}

interface Case {
  readonly title: string;
  /** The store is a configuration in one piece. */
  readonly dbless?: boolean;
  readonly setup: readonly Sent[];
  readonly request: Sent;
  readonly expect: Expected;
  readonly then?: readonly { readonly request: Sent; readonly expect: Expected }[];
}

const read = (path: string): string => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8');
const cases = JSON.parse(read('admin/cases.json')) as Case[];

const valueAt = (value: Json | undefined, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((node, key) => {
    if (Array.isArray(node)) return node[Number(key)];
    return isObject(node) ? node[key] : undefined;
  }, value);

/** `${name.field}` is a value of an earlier answer, `@name` a PEM file, `@@name` the same twice. */
function fill(value: Json, answers: JsonObject): Json {
  if (typeof value === 'string') {
    if (value.startsWith('@@'))
      return `${read(`schema/${value.slice(2)}.pem`)}\n${read(`schema/${value.slice(2)}.pem`)}`;
    if (/^@(?:cert|key|pub)-/.test(value)) return read(`schema/${value.slice(1)}.pem`);
    return value.replace(/\$\{([^}]+)\}/g, (_, path: string) => String(valueAt(answers, path)));
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, answers));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, answers)]));
}

function assertPart(actual: Json | undefined, expected: Json): void {
  if (Array.isArray(expected)) {
    assert.ok(
      Array.isArray(actual) && actual.length === expected.length,
      `${JSON.stringify(actual)} has other elements`,
    );
    expected.forEach((item, i) => {
      assertPart(actual[i], item);
    });
  } else if (isObject(expected)) {
    assert.ok(isObject(actual), `${JSON.stringify(actual)} is no object`);
    for (const [key, item] of Object.entries(expected)) assertPart(actual[key], item);
  } else assert.deepEqual(actual, expected);
}

function isPart(actual: Json | undefined, expected: Json): boolean {
  try {
    assertPart(actual, expected);
    return true;
  } catch {
    // Only whether it is a part is asked.
    return false;
  }
}

/** Entries with their errors in an order of their own, as texts. */
const sorted = (list: readonly Json[]): string[] =>
  list
    .map((entry) => {
      const { errors, ...rest } = entry as JsonObject;
      return canonicalJson({ ...rest, errors: (errors as Json[]).map(canonicalJson).sort() });
    })
    .sort();

for (const { title, setup, request, expect, then, dbless } of cases) {
  test(`${title}: ${request.method} ${request.path.slice(0, 60)} gives ${expect.status}`, async () => {
    const admin = await startAdmin({ isDbless: dbless === true });
    const answers: JsonObject = {};
    const send = async (sent: Sent) => {
      const { body } = sent;
      const filled = body === undefined ? undefined : fill(body, answers);
      const text = filled === undefined ? undefined : typeof filled === 'string' ? filled : JSON.stringify(filled);
      const isPlain = text === undefined || (sent.headers !== undefined && Object.keys(sent.headers).length === 0);
      const headers = new Headers(isPlain ? {} : { 'content-type': 'application/json' });
      for (const [name, value] of Object.entries(sent.headers ?? {})) headers.set(name, value);
      const path = fill(sent.path, answers) as string;
      const init = { method: sent.method, headers, ...(text === undefined ? {} : { body: Buffer.from(text) }) };
      const response = await fetch(admin.url + path, init);
      const answer = await response.text();
      const json = /^[[{]/.test(answer) ? (JSON.parse(answer) as Json) : undefined;
      if (sent.as !== undefined && json !== undefined) answers[sent.as] = json;
      return { status: response.status, headers: response.headers, text: answer, json };
    };
    const check = (got: Awaited<ReturnType<typeof send>>, wanted: Expected): void => {
      assert.equal(got.status, wanted.status, got.text);
      if (wanted.body !== undefined) assertPart(got.json, fill(wanted.body, answers));
      if (wanted.body_equals !== undefined) assert.deepEqual(got.json, fill(wanted.body_equals, answers));
      if (wanted.body_text !== undefined) assert.equal(got.text, wanted.body_text);
      if (wanted.body_contains !== undefined) assert.ok(got.text.includes(wanted.body_contains), got.text);
      for (const [name, value] of Object.entries(wanted.headers ?? {})) assert.equal(got.headers.get(name), value);
      for (const name of wanted.header_present ?? []) assert.ok(got.headers.has(name), `no header ${name}`);
      for (const path of wanted.absent ?? []) assert.equal(valueAt(got.json, path), undefined);
      for (const [path, length] of Object.entries(wanted.length ?? {})) {
        assert.equal((valueAt(got.json, path) as Json[]).length, length);
      }
      for (const [path, pattern] of Object.entries(wanted.match ?? {})) {
        assert.match(String(valueAt(got.json, path)), new RegExp(pattern));
      }
      for (const path of wanted.present ?? []) assert.notEqual(valueAt(got.json, path), undefined, path);
      for (const [path, members] of Object.entries(wanted.array_contains ?? {})) {
        const list = (valueAt(got.json, path) as Json[]).map((item) => JSON.stringify(item));
        for (const member of members) assert.ok(list.includes(JSON.stringify(member)), `${path} lacks ${member}`);
      }
      if (wanted.body_not_contains !== undefined) assert.ok(!got.text.includes(wanted.body_not_contains), got.text);
      if (wanted.flattened !== undefined) {
        assert.deepEqual(sorted(valueAt(got.json, 'flattened_errors') as Json[]), sorted(wanted.flattened));
      }
      for (const [kind, values] of Object.entries(wanted.values_under_any_id ?? {})) {
        const entities = Object.values((valueAt(got.json, kind) ?? {}) as JsonObject);
        for (const value of values)
          assert.ok(
            entities.some((entity) => isPart(entity, value)),
            `${kind} lacks a value`,
          );
      }
      if (wanted.fields_equals !== undefined) assert.deepEqual(valueAt(got.json, 'fields'), wanted.fields_equals);
    };
    try {
      for (const sent of setup) assert.ok((await send(sent)).status < 400, `setup ${sent.method} ${sent.path}`);
      check(await send(request), expect);
      for (const next of then ?? []) check(await send(next.request), next.expect);
    } finally {
      await admin.close();
    }
  });
}
