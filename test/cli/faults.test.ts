// An Admin API that fails at call k, for every k of a sync of 60 entities: what the command says is exactly what the gateway
// has, running it again ends where it should, and nothing outside of the plan is touched.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadTexts } from '../../src/control/file/load.ts';
import { diffStates } from '../../src/control/plan/diff.ts';
import { isEmptyPlan, operationsOf, type Plan } from '../../src/control/plan/plan.ts';
import { type Connection, createClient } from '../../src/control/remote/client.ts';
import { readState } from '../../src/control/remote/read.ts';
import { createTarget } from '../../src/control/remote/target.ts';
import { applyPlan, type Outcome } from '../../src/control/sync/apply.ts';
import { findOpenJournal, journalled, openJournal } from '../../src/control/sync/journal.ts';
import { createState, type State } from '../../src/state/state.ts';
import { type Gateway, gwctl, startGateway, startServer } from './rig.ts';

const WRITES = new Set(['PUT', 'POST', 'PATCH', 'DELETE']);

type Fault = (forward: () => Promise<void>, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const FAULTS: Readonly<Record<string, Fault>> = {
  'status 500 before the write': (_forward, _request, response) =>
    void response.writeHead(500).end('{"message":"busy"}'),
  'status 503 after the write': async (forward, _request, response) => {
    await forward();
    response.writeHead(503).end('{"message":"gone"}');
  },
  'status 429': (_forward, _request, response) => void response.writeHead(429, { 'retry-after': '0' }).end('{}'),
  'a cut before the write': (_forward, _request, response) => void response.destroy(),
  'a cut after the write': async (forward, _request, response) => {
    await forward();
    response.destroy();
  },
  'a text that is no JSON, after the write': async (forward, _request, response) => {
    await forward();
    response.writeHead(200).end('{"id":"tru');
  },
  'a text that is no JSON, without the write': (_forward, _request, response) =>
    void response.writeHead(200).end('<html>'),
};

let gateway: Gateway;
let proxy: { address: string; close(): Promise<void> };
/** Decides over each write, by its number. */
let faultAt: (n: number) => Fault | undefined = () => undefined;
let isDown = false;
let writes = 0;

before(async () => {
  gateway = await startGateway();
  proxy = await startServer((request, response) => {
    const isWrite = WRITES.has(String(request.method));
    const n = isWrite ? ++writes : 0;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      if (isDown) return void response.destroy();
      const forward = () => ask(request, Buffer.concat(chunks));
      const fault = isWrite ? faultAt(n) : undefined;
      if (fault !== undefined) return fault(async () => void (await forward()), request, response);
      const answer = await forward();
      response.writeHead(answer.status).end(answer.body);
    });
  });
});
after(async () => {
  await proxy.close();
  await gateway.close();
});

const ask = (request: IncomingMessage, body: Buffer): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const headers = { ...request.headers, 'content-length': String(body.length) };
    const call = send(gateway.address + request.url, { method: request.method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    call.on('error', reject).end(body);
  });

const connection = (): Connection => ({
  address: proxy.address,
  workspace: undefined,
  headers: {},
  timeoutMs: 400,
  tls: {},
});

/** 20 of each: created, changed, deleted; and one that belongs to somebody else. */
const list = (from: number, to: number, host: string): string =>
  Array.from({ length: to - from }, (_, i) => `- name: s${from + i}\n  host: ${host}\n  tags: [ours]\n`).join('');
const BEFORE = `_format_version: "3.0"\nservices:\n- {name: theirs, host: theirs}\n${list(0, 40, 'old')}`;
const FILE = `_format_version: "3.0"\n_info: {select_tags: [ours]}\nservices:\n${list(20, 60, 'new')}`;

async function load(text: string, current?: State): Promise<State> {
  const { schemas } = gateway.state;
  const options =
    current === undefined
      ? { schemas, ids: 'deterministic' as const }
      : { schemas, ids: 'from-current' as const, current: async () => current };
  const loaded = await loadTexts([{ name: 'f', text }], options);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.state;
}

async function reset(): Promise<State> {
  faultAt = () => undefined;
  isDown = false;
  const start = await load(BEFORE);
  await gateway.store.replace(start);
  return start;
}

async function makePlan(): Promise<{ plan: Plan; desired: State }> {
  const { schemas } = gateway.state;
  const client = await createClient({ ...connection(), address: gateway.address });
  const { state: current, borrowed } = await readState(client, schemas, { selectTags: ['ours'] });
  const desired = await load(FILE, current);
  return { plan: diffStates(current, desired, { schemas, borrowed }), desired };
}

interface Applying {
  readonly attempts: number;
  readonly journal?: string;
  readonly parallelism?: number;
  readonly firstPauseMs?: number;
}

async function apply(
  plan: Plan,
  { attempts, journal: folder, parallelism = 1, firstPauseMs = 2 }: Applying,
): Promise<Outcome> {
  writes = 0;
  const options = { connections: parallelism, attempts, firstPauseMs };
  const target = await createTarget(connection(), gateway.state.schemas, options);
  const header = { tool: 't', address: proxy.address, workspace: null, base: plan.base };
  const journal = folder === undefined ? undefined : openJournal(folder, header, operationsOf(plan), new Date());
  try {
    const outcome = await applyPlan(plan, journal === undefined ? target : journalled(target, journal), {
      parallelism,
      signal: new AbortController().signal,
    });
    journal?.end(outcome);
    return outcome;
  } finally {
    await target.close();
  }
}

/** Every operation said to be done is, every other one is not; the rest of the gateway is as it was. */
function checkReport(start: State, plan: Plan, outcome: Outcome): void {
  const done = new Set(outcome.done);
  const unknown = new Set(outcome.failed.filter(({ isUnknown }) => isUnknown).map(({ operation }) => operation));
  const named = [...outcome.done, ...outcome.failed.map(({ operation }) => operation), ...outcome.notDone];
  assert.equal(new Set(named).size, operationsOf(plan).length, 'every operation is told once');
  assert.equal(named.length, operationsOf(plan).length);
  const touched = new Set<string>();
  for (const operation of operationsOf(plan)) {
    const { id } = operation.action === 'delete' ? operation.before : operation.after;
    touched.add(id);
    if (unknown.has(operation)) continue;
    const now = gateway.state.get('services', id)?.['host'];
    const then = operation.action === 'delete' ? undefined : operation.after['host'];
    const was = operation.action === 'create' ? undefined : operation.before['host'];
    assert.equal(now, done.has(operation) ? then : was, `${operation.action} ${operation.label}`);
  }
  for (const entity of start.list('services')) {
    if (!touched.has(entity.id)) assert.deepEqual(gateway.state.get('services', entity.id), entity);
  }
}

async function checkConverges(): Promise<void> {
  faultAt = () => undefined;
  isDown = false;
  const { plan } = await makePlan();
  const outcome = await apply(plan, { attempts: 1, parallelism: 8 });
  assert.deepEqual([outcome.failed, outcome.notDone], [[], []]);
  assert.ok(isEmptyPlan((await makePlan()).plan));
  assert.equal(gateway.state.count('services'), 41);
}

describe('a plan of 60 operations', () => {
  it('is what the tests below take it for', async () => {
    await reset();
    const { plan } = await makePlan();
    assert.deepEqual(plan.summary, { create: 20, update: 20, delete: 20 });
  });

  // Each fault meets every second call, and its neighbour the others: all calls are met by all kinds of faults.
  for (const [i, [what, fault]] of Object.entries(FAULTS).entries()) {
    it(`is done in spite of ${what} once, at any call`, async () => {
      for (let k = 1 + (i % 2); k <= 60; k += 2) {
        const start = await reset();
        const { plan } = await makePlan();
        faultAt = (n) => (n === k ? fault : undefined);
        const outcome = await apply(plan, { attempts: 3 });
        checkReport(start, plan, outcome);
        const isDone = outcome.failed.length === 0;
        // A lie that says 200 without having written is found out by reading back, and told.
        assert.equal(isDone, !what.includes('without the write'), `k = ${k}`);
        if (!isDone) await checkConverges();
      }
    });

    it(`is reported exactly when ${what} never ends, from any call on`, async () => {
      for (let k = 1 + (i % 4); k <= 60; k += 4) {
        const start = await reset();
        const { plan } = await makePlan();
        faultAt = (n) => (n >= k ? fault : undefined);
        const outcome = await apply(plan, { attempts: 2, parallelism: k % 2 === 0 ? 1 : 4 });
        checkReport(start, plan, outcome);
        if (k % 3 === 0) await checkConverges();
      }
    });
  }

  it('is not known where the gateway is gone for good, and is found out by the next run', async () => {
    const start = await reset();
    const { plan } = await makePlan();
    faultAt = (n) => {
      if (n < 30) return undefined;
      return async (forward, _request, response) => {
        await forward();
        isDown = true;
        response.destroy();
      };
    };
    const outcome = await apply(plan, { attempts: 2 });
    assert.deepEqual([outcome.done.length, outcome.failed.length, outcome.notDone.length], [29, 1, 30]);
    assert.equal(outcome.failed[0]!.isUnknown, true);
    checkReport(start, plan, outcome);
    await checkConverges();
  });

  it('waits as long as the gateway asks for, with all connections', async () => {
    await reset();
    const { plan } = await makePlan();
    const times: number[] = [];
    faultAt = (n) => {
      times.push(Date.now());
      return n === 1
        ? (_forward, _request, response) => void response.writeHead(429, { 'retry-after': '1' }).end('{}')
        : undefined;
    };
    const outcome = await apply(plan, { attempts: 3 });
    assert.deepEqual(outcome.failed, []);
    assert.ok(times[1]! - times[0]! >= 950, `${times[1]! - times[0]!} ms`);
  });

  it('slows down for a gateway that takes 50 calls a second, and is done', async () => {
    await reset();
    const { plan } = await makePlan();
    let tokens = 5;
    let rejected = 0;
    let filledAt = performance.now();
    faultAt = () => {
      const now = performance.now();
      tokens = Math.min(5, tokens + ((now - filledAt) * 50) / 1000);
      filledAt = now;
      if (tokens >= 1) {
        tokens--;
        return undefined;
      }
      rejected++;
      return (_forward, _request, response) => void response.writeHead(429).end('{}');
    };
    const outcome = await apply(plan, { attempts: 5, parallelism: 16, firstPauseMs: 200 });
    assert.deepEqual([outcome.failed, outcome.notDone], [[], []]);
    assert.ok(rejected > 0);
  });

  it('times out and is read back', async () => {
    const start = await reset();
    const { plan } = await makePlan();
    faultAt = (n) => (n === 7 ? async (forward) => forward() : undefined);
    const outcome = await apply(plan, { attempts: 1 });
    checkReport(start, plan, outcome);
    assert.deepEqual(outcome.failed, [], 'the write was taken; the answer never came');
  });
});

describe('the journal', () => {
  it('has what was before, what was begun and how it ended, for its owner only', async () => {
    await reset();
    const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
    const { plan } = await makePlan();
    faultAt = (n) =>
      n === 25 ? (_forward, _request, response) => void response.writeHead(400).end('{"message":"no"}') : undefined;
    await apply(plan, { attempts: 1, journal: folder });
    const [name] = readdirSync(folder);
    const path = join(folder, name!);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const lines = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const count = (type: string): number => lines.filter((line) => line.type === type).length;
    assert.deepEqual(
      [count('begin'), count('plan'), count('intent'), count('done'), count('failed'), count('end')],
      [1, 60, 25, 24, 1, 1],
    );
    const deleted = lines.find(({ type, action }) => type === 'plan' && action === 'delete');
    assert.equal(deleted.before.host, 'old');
    const { type, ...end } = lines.at(-1);
    assert.deepEqual(end, { result: 'failed', done: 24, failed: 1, unknown: 0, not_started: 35 });
    assert.equal(type, 'end');
    assert.equal(findOpenJournal(folder, { address: proxy.address, workspace: null }), undefined);
  });

  it('that nobody ended says what is not known', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
    await reset();
    const { plan } = await makePlan();
    const operations = operationsOf(plan);
    const header = { tool: 't', address: 'http://a', workspace: null, base: plan.base };
    const journal = openJournal(folder, header, operations, new Date());
    for (const operation of operations.slice(0, 5)) journal.intent(operation);
    for (const operation of operations.slice(0, 3)) journal.done(operation);
    const open = findOpenJournal(folder, { address: 'http://a', workspace: null });
    assert.deepEqual([open?.done, open?.unknown.length, open?.notStarted], [3, 2, 55]);
    assert.equal(findOpenJournal(folder, { address: 'http://b', workspace: null }), undefined);
  });

  it('that cannot be written stops before anything is changed', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'gwctl-')), 'a-file');
    writeFileSync(file, '');
    await reset();
    const { plan } = await makePlan();
    assert.throws(
      () =>
        openJournal(
          join(file, 'journal'),
          { tool: 't', address: 'a', workspace: null, base: '' },
          operationsOf(plan),
          new Date(),
        ),
      /the journal cannot be written/,
    );
  });
});

describe('a process', () => {
  const lastLine = (folder: string): { type: string; result?: string } => {
    const [name] = readdirSync(folder).sort().reverse();
    return JSON.parse(readFileSync(join(folder, name!), 'utf8').trimEnd().split('\n').at(-1)!);
  };

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    it(`that gets ${signal} in the middle leaves a journal, and the next run ends it`, async () => {
      await reset();
      const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
      const args = ['sync', '-', '--no-bulk', '--journal', folder, '--kong-addr', proxy.address, '--parallelism', '1'];
      let kill: (name: NodeJS.Signals) => void = () => undefined;
      writes = 0;
      faultAt = (n) => {
        if (n === 20) kill(signal);
        return n === 20
          ? async (forward, _request, response) => {
              await forward();
              setTimeout(() => response.writeHead(200).end('{"id":"x"}'), 50);
            }
          : undefined;
      };
      const run = await gwctl(args, {
        input: FILE,
        onStart: (send) => {
          kill = send;
        },
      });
      const end = lastLine(folder);
      if (signal === 'SIGKILL') assert.deepEqual([run.code, end.type], [null, 'intent']);
      else {
        assert.deepEqual([run.code, end.type, end.result], [1, 'end', 'interrupted']);
        assert.match(run.err, /the sync was interrupted: 20 done, 0 failed, 40 not started/);
      }
      assert.equal(gateway.state.list('services').filter(({ host }) => host === 'new').length, 20);
      faultAt = () => undefined;
      const next = await gwctl(args, { input: FILE });
      assert.equal(next.code, 0, next.err);
      assert.equal(/19 done, 1 not known, 40 not started/.test(next.err), signal === 'SIGKILL', next.err);
      assert.match(next.out, /Created: \d+\n {2}Updated: \d+\n {2}Deleted: 20\n$/);
      assert.ok(isEmptyPlan((await makePlan()).plan));
      assert.equal(gateway.state.count('services'), 41);
    });
  }
});

describe('an empty gateway', () => {
  it('stays empty when the first call fails', async () => {
    await reset();
    await gateway.store.replace(createState(gateway.state.schemas));
    const { plan } = await makePlan();
    faultAt = () => (_forward, _request, response) => void response.writeHead(400).end('{"message":"no"}');
    const outcome = await apply(plan, { attempts: 3 });
    assert.deepEqual([outcome.done.length, outcome.failed.length, writes], [0, 1, 1]);
    assert.equal(gateway.state.count('services'), 0);
  });
});
