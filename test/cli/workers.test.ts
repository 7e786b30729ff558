// `gwctl serve --workers 2`: several processes that look like one gateway.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run, type Serving, serve, startUpstream, statusOf, until } from './serving.ts';

const folder = await mkdtemp(join(tmpdir(), 'gwctl-workers-'));
after(() => rm(folder, { recursive: true }));

let gateway: Serving;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

before(async () => {
  upstream = await startUpstream((incoming, response) => {
    response.statusCode = incoming.url === '/fails' ? 500 : 200;
    response.end('hello');
  });
  const file = join(folder, 'state.yaml');
  await writeFile(
    file,
    `_format_version: "3.0"
services:
  - name: echo
    url: http://127.0.0.1:${upstream.port}
    routes:
      - name: echo
        paths: [/echo]
      - name: limited
        paths: [/limited]
        plugins: [{name: rate-limiting, config: {hour: 1000, policy: local}}]
  - name: balanced
    host: balanced
    routes:
      - name: balanced
        paths: [/balanced]
upstreams:
  - name: balanced
    targets: [{target: "127.0.0.1:${upstream.port}"}]
    healthchecks: {passive: {type: http, unhealthy: {http_failures: 4, http_statuses: [500]}}}
plugins: [{name: prometheus, config: {status_code_metrics: true}}]
`,
  );
  gateway = await serve([file, '--workers', '2', '--proxy-access-log', 'off', '--plugins', 'rate-limiting,prometheus']);
});

after(async () => {
  gateway?.child.kill('SIGKILL');
  upstream.server.closeAllConnections();
  upstream.server.close();
});

const json = async (url: string): Promise<Record<string, never>> => (await fetch(url)).json() as never;
const workers = async (): Promise<number[]> => (await json(gateway.admin))['pids']!['workers'];

/** Kills a worker and waits for the one in its place. */
async function replaceOne(): Promise<number> {
  const [victim] = await workers();
  process.kill(victim!, 'SIGKILL');
  await until(async () => {
    const pids = await workers();
    return pids.length === 2 && !pids.includes(victim!);
  }, 'another worker');
  return victim!;
}

/** `count` requests over `connections` connections; how many of each status came back. */
async function load(url: string, count: number, connections: number): Promise<Map<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  let left = count;
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      request(url, { agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      })
        .on('error', reject)
        .end();
    });
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = await one();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  return statuses;
}

test('two processes serve, and neither is the one that answers the Admin API', async () => {
  const pids = await workers();
  assert.equal(new Set(pids).size, 2);
  assert.ok(!pids.includes(gateway.child.pid!));
});

test('of ten thousand requests over 64 connections a limit of one thousand passes exactly one thousand', async () => {
  const statuses = await load(`${gateway.proxy}/limited`, 10_000, 64);
  assert.deepEqual(Object.fromEntries(statuses), { 200: 1000, 429: 9000 });
});

test('a change is served by every worker when the Admin API answers', async () => {
  for (let i = 0; i < 10; i++) {
    const created = await fetch(`${gateway.admin}/services/echo/routes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: `made-${i}`, paths: [`/made-${i}`] }),
    });
    assert.equal(created.status, 201);
    const statuses = await load(`${gateway.proxy}/made-${i}`, 16, 16);
    assert.deepEqual(Object.fromEntries(statuses), { 200: 16 });
  }
});

test('what is written while a worker starts is served by it, too', async () => {
  const write = async (name: string): Promise<void> => {
    const body = JSON.stringify({ name, paths: [`/${name}`] });
    const headers = { 'content-type': 'application/json' };
    const created = await fetch(`${gateway.admin}/services/echo/routes`, { method: 'POST', headers, body });
    assert.equal(created.status, 201);
    assert.deepEqual(Object.fromEntries(await load(`${gateway.proxy}/${name}`, 16, 16)), { 200: 16 });
  };
  for (let round = 0; round < 3; round++) {
    let isReplaced = false;
    // Many at once: the first news come in one piece with what a worker starts with.
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; !isReplaced; i++) await write(`while-${round}-${writer}-${i}`);
    });
    await replaceOne();
    isReplaced = true;
    await Promise.all(writers);
  }
});

test('requests of all workers are counted together, and no count goes back when one dies', async () => {
  const total = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.status}/metrics`)).text();
    const rows = text.matchAll(/^kong_http_requests_total\{service="echo",route="echo",code="200".*\} (\d+)$/gm);
    return [...rows].reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const before = await total();
  await load(`${gateway.proxy}/echo`, 400, 16);
  assert.equal(await total(), before + 400);
  const victim = await replaceOne();
  assert.equal(await total(), before + 400);
  assert.match(
    gateway.output.stderr,
    new RegExp(`worker ${victim} ended unasked \\(SIGKILL\\): another one is started`),
  );
  await until(async () => (await statusOf(`${gateway.proxy}/made-3`)) === 200, 'what was configured before it died');
  const statuses = await load(`${gateway.proxy}/made-3`, 64, 16);
  assert.deepEqual(Object.fromEntries(statuses), { 200: 64 });
});

test('figures that two ask for at the same time are answered to both at once', async () => {
  // Whoever is forgotten waits a second every time; on a busy machine it may take as long once.
  let took = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 && took >= 900; i++) {
    const startedAt = performance.now();
    const both = [statusOf(`${gateway.status}/metrics`), statusOf(`${gateway.status}/metrics`)];
    assert.deepEqual(await Promise.all(both), [200, 200]);
    took = performance.now() - startedAt;
  }
  assert.ok(took < 900, `${took} ms`);
});

test('a level of the log that is set for a while is over in time for workers, too, that were started meanwhile', async () => {
  const level = async (): Promise<string> =>
    (await json(`${gateway.admin}/debug/node/log-level`))['message'] as unknown as string;
  const put = await fetch(`${gateway.admin}/debug/node/log-level/debug?timeout=6`, { method: 'PUT' });
  assert.equal(put.status, 200);
  // Only one: with the last one the address would go, too.
  await replaceOne();
  assert.equal(await statusOf(`${gateway.proxy}/balanced/fails`), 500);
  await until(
    () => gateway.output.stderr.includes("increment (1/4) for '127.0.0.1"),
    'they tell what is for debugging',
  );
  await until(async () => (await level()) === 'log level: notice', 'the end of the while');
  const { length } = gateway.output.stderr;
  // Over connections of their own, so that both workers may get some; a fourth failure would end the target.
  for (let i = 0; i < 2; i++) {
    assert.deepEqual([...(await load(`${gateway.proxy}/balanced/fails`, 1, 1))], [[500, 1]]);
    assert.deepEqual([...(await load(`${gateway.proxy}/balanced/ok`, 8, 8))], [[200, 8]]);
  }
  assert.doesNotMatch(gateway.output.stderr.slice(length), /\[debug\]/);
  const target = encodeURIComponent(`127.0.0.1:${upstream.port}`);
  await fetch(`${gateway.admin}/upstreams/balanced/targets/${target}/healthy`, { method: 'PUT' });
});

test('failures are counted together: four of them end a target for all workers', async () => {
  const health = async (): Promise<string> => {
    const { data } = await json(`${gateway.admin}/upstreams/balanced/health`);
    return (data as unknown as { health: string }[])[0]!.health;
  };
  assert.equal(await health(), 'HEALTHY');
  for (let i = 0; i < 4; i++) {
    const agent = new Agent();
    assert.equal(await statusOf(`${gateway.proxy}/balanced/fails`), 500);
    agent.destroy();
  }
  await until(async () => (await health()) === 'UNHEALTHY', 'the verdict');
  await until(async () => {
    const statuses = await load(`${gateway.proxy}/balanced/ok`, 16, 16);
    return statuses.get(503) === 16;
  }, 'the verdict in every worker');
  const target = encodeURIComponent(`127.0.0.1:${upstream.port}`);
  const put = await fetch(`${gateway.admin}/upstreams/balanced/targets/${target}/healthy`, { method: 'PUT' });
  assert.equal(put.status, 204);
  await until(async () => {
    const statuses = await load(`${gateway.proxy}/balanced/ok`, 16, 16);
    return statuses.get(200) === 16;
  }, 'what the Admin API said, in every worker');
});

test('an address that is taken is said in one sentence', async () => {
  const taken = run('serve', [
    ...['--workers', '2', '--plugins', 'rate-limiting', '--admin-listen', 'off', '--status-listen', 'off'],
    ...['--proxy-listen', `127.0.0.1:${upstream.port}`],
  ]);
  assert.notEqual(await taken.ended, 0);
  assert.match(taken.output.stderr, /cannot listen on 127\.0\.0\.1:\d+ for the proxy: the address is in use/);
  assert.doesNotMatch(taken.output.stderr, /another one is started/);
});

test('without the primary the workers end, but for what they have begun', async () => {
  let arrived = false;
  const slow = await startUpstream((_incoming, response) => {
    arrived = true;
    setTimeout(() => response.end('late'), 700);
  });
  after(() => slow.server.close());
  const file = join(folder, 'slow.yaml');
  const routes = '[{name: r, paths: [/]}]';
  await writeFile(
    file,
    `{_format_version: "3.0", services: [{name: s, url: "http://127.0.0.1:${slow.port}", routes: ${routes}}]}`,
  );
  const own = await serve([file, '--workers', '2', '--proxy-access-log', 'off', '--plugins', 'rate-limiting']);
  const pids = (await json(own.admin))['pids']!['workers'] as number[];
  const answer = fetch(own.proxy).then((response) => response.text());
  await until(() => arrived, 'the request is under way');
  own.child.kill('SIGKILL');
  assert.equal(await answer, 'late');
  await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 'the workers have ended');
});

test('all of them end with SIGTERM', async () => {
  const pids = await workers();
  gateway.child.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
