// Requests to the Admin API with what they are answered, each from an empty store, over HTTP.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
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
}

interface Case {
  readonly title: string;
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

for (const { title, setup, request, expect, then } of cases) {
  test(`${title}: ${request.method} ${request.path.slice(0, 60)} gives ${expect.status}`, async () => {
    const admin = await startAdmin();
    const answers: JsonObject = {};
    const send = async (sent: Sent) => {
      const { body } = sent;
      const filled = body === undefined ? undefined : fill(body, answers);
      const text = filled === undefined ? undefined : typeof filled === 'string' ? filled : JSON.stringify(filled);
      const headers = new Headers(text === undefined ? {} : { 'content-type': 'application/json' });
      for (const [name, value] of Object.entries(sent.headers ?? {})) headers.set(name, value);
      const path = fill(sent.path, answers) as string;
      const init = { method: sent.method, headers, ...(text === undefined ? {} : { body: text }) };
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
