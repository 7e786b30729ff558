// Replays the facts of fixtures/plugins over HTTP: each case on a gateway of its own, its requests in order.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import type { EchoedRequest } from './echo-upstream.ts';
import { type Received, type Running, type SetUp, start } from './gateway-fixture.ts';

interface Case extends SetUp {
  readonly name: string;
  readonly requests: readonly CaseRequest[];
}

interface CaseRequest {
  /** Method and target. */
  readonly send: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly transfer?: 'chunked' | 'none';
  readonly expect: Expected;
  /** Name → `json.<member>` or `cookie`: kept of this answer, and put in place of `{{name}}` in the requests that follow. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** A text is exact, null must be absent, `{match}` is an expression, a list is repeated lines in order. */
type Leaf = string | string[] | null | { readonly match: string };

interface Expected {
  readonly status: number;
  readonly headers?: Readonly<Record<string, Leaf>>;
  /** Part of the answer's JSON. */
  readonly json?: JsonObject;
  readonly text?: string;
  /** false: the upstream must not be asked; otherwise part of what it was asked. */
  readonly upstream: boolean | ExpectedUpstream;
  /** Part of the record in the log file. */
  readonly logged?: JsonObject;
}

interface ExpectedUpstream {
  readonly method?: string;
  readonly uri?: string;
  readonly headers?: Readonly<Record<string, Leaf>>;
  readonly body?: string;
  readonly json?: Json;
  readonly form?: JsonObject;
  readonly query?: JsonObject;
}

const folder = new URL('../../fixtures/plugins/', import.meta.url);
for (const name of (await readdir(folder)).sort()) {
  const file = basename(name, '.json');
  const cases = JSON.parse(await readFile(new URL(name, folder), 'utf8')) as Case[];
  for (const entry of cases) {
    test(`${file}: ${entry.name}`, async () => {
      if (file === 'rate-limiting') await awayFromWindowEnd();
      await replay(entry);
    });
  }
}

async function replay(entry: Case): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gwctl-plugins-'));
  const logFile = join(folder, 'log');
  const plugins = JSON.parse(JSON.stringify(entry.plugins).replaceAll('{{logfile}}', logFile)) as Case['plugins'];
  const running = await start({ ...entry, plugins });
  try {
    const kept = new Map<string, string>();
    for (const request of entry.requests) await perform(running, withKept(request, kept), logFile, kept);
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
}

function withKept(request: CaseRequest, kept: ReadonlyMap<string, string>): CaseRequest {
  if (kept.size === 0) return request;
  const text = JSON.stringify(request).replaceAll(/{{(\w+)}}/g, (all, name: string) => kept.get(name) ?? all);
  return JSON.parse(text) as CaseRequest;
}

function keep({ header, text }: Received, wanted: CaseRequest['keep'], kept: Map<string, string>): void {
  for (const [name, where] of Object.entries(wanted ?? {})) {
    const value =
      where === 'cookie'
        ? header('set-cookie')[0]?.split(';')[0]
        : (JSON.parse(text) as JsonObject)[where.slice('json.'.length)];
    assert.ok(typeof value === 'string', `the answer has no ${where}`);
    kept.set(name, value);
  }
}

async function perform(
  running: Running,
  request: CaseRequest,
  logFile: string,
  kept: Map<string, string>,
): Promise<void> {
  const { requests } = running.echo;
  const before = requests.length;
  const [method = '', path = ''] = request.send.split(' ');
  const received = await running.send({ ...request, method, path });
  const { expect } = request;
  assert.equal(received.status, expect.status, received.text);
  for (const [name, leaf] of Object.entries(expect.headers ?? {})) checkLeaf(name, received.header(name), leaf);
  checkBody(received, expect);
  keep(received, request.keep, kept);
  assert.equal(requests.length - before, expect.upstream === false ? 0 : 1, 'requests that reached the upstream');
  if (typeof expect.upstream === 'object') checkUpstream(requests.at(-1)!, expect.upstream);
  if (expect.logged !== undefined) checkPart(await loggedRecord(logFile), expect.logged, 'record');
}

function checkLeaf(name: string, lines: readonly string[], leaf: Leaf): void {
  if (leaf === null) assert.deepEqual(lines, [], name);
  else if (typeof leaf === 'string') assert.deepEqual(lines, [leaf], name);
  else if (Array.isArray(leaf)) assert.deepEqual(lines, leaf, name);
  else {
    assert.equal(lines.length, 1, name);
    assert.match(lines[0]!, new RegExp(leaf.match), name);
  }
}

function checkBody(received: Received, { json, text }: Expected): void {
  if (text !== undefined) assert.equal(received.text, text);
  if (json !== undefined) checkPart(JSON.parse(received.text) as Json, json, 'body');
}

function checkUpstream(seen: EchoedRequest, expected: ExpectedUpstream): void {
  if (expected.method !== undefined) assert.equal(seen.method, expected.method);
  if (expected.uri !== undefined) assert.equal(seen.uri, expected.uri);
  if (expected.body !== undefined) assert.equal(seen.body, expected.body);
  if (expected.json !== undefined) assert.deepEqual(JSON.parse(seen.body), expected.json);
  if (expected.form !== undefined) assert.deepEqual(argumentsOf(seen.body), expected.form);
  if (expected.query !== undefined) assert.deepEqual(argumentsOf(seen.uri.split('?')[1] ?? ''), expected.query);
  for (const [name, leaf] of Object.entries(expected.headers ?? {})) {
    checkLeaf(name, [seen.headers[name] ?? []].flat(), leaf);
  }
}

function argumentsOf(text: string): JsonObject {
  const values: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const current = values[name];
    values[name] = current === undefined ? value : [current, value].flat();
  }
  return values;
}

/** Every member of `expected` is in `actual`; null is absent, or an empty list. */
function checkPart(actual: Json | undefined, expected: Json, where: string): void {
  if (expected === null) {
    assert.ok(actual === undefined || (Array.isArray(actual) && actual.length === 0), `${where} is there`);
  } else if (typeof expected !== 'object' || Array.isArray(expected)) assert.deepEqual(actual, expected, where);
  else if (typeof expected['match'] === 'string') assert.match(String(actual), new RegExp(expected['match']), where);
  else {
    for (const [key, value] of Object.entries(expected)) {
      checkPart((actual as JsonObject | undefined)?.[key], value, `${where}.${key}`);
    }
  }
}

/** The line is written after the answer. */
async function loggedRecord(file: string): Promise<Json> {
  for (let i = 0; i < 200; i++) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const line = text.trimEnd().split('\n').at(-1);
    if (text.endsWith('\n') && line !== undefined) return JSON.parse(line) as Json;
    await sleep(10);
  }
  assert.fail('no log line was written');
}

/** Counts begin anew with the minute, hour and day: a case must not straddle that moment. */
async function awayFromWindowEnd(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 5000) await sleep(left);
}
