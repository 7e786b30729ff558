// Stores with 100 000 entities: start-up, memory, list pages, single writes; and how long a write on one node takes to
// route a request on another, over PostgreSQL.
//   npm run bench:store [-- --scale 1]
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSchemas } from '../src/entities/registry.ts';
import { uuidV5 } from '../src/lib/ids.ts';
import { pluginSchemas } from '../src/plugins/schemas.ts';
import { schemaOf } from '../src/schema/schema-set.ts';
import { processEntity } from '../src/schema/validate.ts';
import { createState } from '../src/state/state.ts';
import { openPostgresStore } from '../src/store/postgres/open.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { findPostgres, startPostgres } from '../test/store/postgres-server.ts';
import { folder, GWCTL, median, memoryOf, printTable, start } from './rig.mjs';

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
const SERVICES = 10_000 * scale;
const ROUTES = 40_000 * scale;
const CONSUMERS = 20_000 * scale;
const KEYS = 30_000 * scale;
const TOTAL = SERVICES + ROUTES + CONSUMERS + KEYS;
const NAMESPACE = 'f3b7c1a2-0000-4000-8000-000000000000';

const schemas = createSchemas(pluginSchemas);
const idOf = (kind, i) => uuidV5(NAMESPACE, `${kind} ${i}`);

function generate() {
  const changes = [];
  const add = (kind, i, input) => {
    const made = processEntity(
      schemas,
      schemaOf(schemas, kind),
      { id: idOf(kind, i), ...input },
      { auto: { now: Date.now } },
    );
    if (!made.ok) throw new Error(`${kind} ${i}: ${JSON.stringify(made.errors)}`);
    changes.push({ action: 'create', kind, entity: made.entity });
  };
  for (let i = 0; i < SERVICES; i++)
    add('services', i, { name: `service-${i}`, host: `s${i}.internal`, tags: ['bench'] });
  for (let i = 0; i < ROUTES; i++) {
    const service = { id: idOf('services', i % SERVICES) };
    add('routes', i, {
      name: `route-${i}`,
      paths: [`/area-${i % 200}/route-${i}`],
      hosts: [`h${i % 500}.test`],
      service,
    });
  }
  for (let i = 0; i < CONSUMERS; i++) add('consumers', i, { username: `user-${i}`, custom_id: `c-${i}` });
  for (let i = 0; i < KEYS; i++) {
    add('keyauth_credentials', i, { key: `key-${i}`, consumer: { id: idOf('consumers', i % CONSUMERS) } });
  }
  const state = createState(schemas).with(changes);
  if (!state.ok) throw new Error(JSON.stringify(state.error));
  return state.value;
}

async function serve(args, env = {}) {
  const startedAt = performance.now();
  const listen = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--proxy-access-log', 'off'];
  Object.assign(process.env, { KONG_STATUS_LISTEN: 'off' }, env);
  const child = start(process.execPath, [GWCTL, 'serve', ...args, ...listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('kept ')) break;
  }
  const readyMs = performance.now() - startedAt;
  if (!text.includes('kept ')) throw new Error('the gateway did not start');
  const stop = () =>
    new Promise((resolve) => {
      child.on('exit', resolve);
      child.kill('SIGTERM');
    });
  return { child, readyMs, stop, proxy: /proxy\s+(\S+)/.exec(text)[1], admin: /Admin API\s+(\S+)/.exec(text)[1] };
}

async function call(url, method = 'GET', body = undefined) {
  const startedAt = performance.now();
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, text, ms: performance.now() - startedAt };
}

const isRouted = async (url) => !(await call(url)).text.includes('no Route matched');

const rows = [['what', 'measured', 'target']];
const show = (ms) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
const spread = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return `${show(median(times))} (p99 ${show(sorted[Math.ceil(sorted.length * 0.99) - 1])})`;
};

async function measureNode(name, node) {
  rows.push([`${name}: ready`, show(node.readyMs), '≤ 8000 ms']);
  const pages = [];
  let path = '/routes?size=1000';
  for (let i = 0; i < 20 && path !== null; i++) {
    const page = await call(node.admin + path);
    pages.push(page.ms);
    path = JSON.parse(page.text).next;
    if (path !== null) path += '&size=1000';
  }
  rows.push([`${name}: list page of 1000`, spread(pages), '≤ 50 ms']);
  for (const [kind, made] of [
    ['services', (i) => ({ name: `new-${i}`, host: 'new.internal' })],
    ['routes', (i) => ({ name: `new-${i}`, paths: [`/new-${i}`], service: { id: idOf('services', i) } })],
    ['consumers', (i) => ({ username: `new-${i}` })],
  ]) {
    const writes = [];
    const swaps = [];
    for (let i = 0; i < 40; i++) {
      const startedAt = performance.now();
      const answer = await call(`${node.admin}/${kind}`, 'POST', made(i));
      if (answer.status !== 201) throw new Error(answer.text);
      writes.push(performance.now() - startedAt);
      await call(`${node.proxy}/nothing`);
      swaps.push(performance.now() - startedAt);
      await delay(5);
    }
    rows.push([`${name}: write to ${kind}, answered`, spread(writes), '']);
    rows.push([`${name}: write to ${kind}, and the first request routed by it`, spread(swaps), '≤ 20 ms']);
  }
  rows.push([`${name}: list page after a write`, show((await call(`${node.admin}/routes?size=1000`)).ms), '≤ 50 ms']);
  rows.push([`${name}: peak memory`, `${Math.round(memoryOf(node.child.pid))} MB`, '≤ 1024 MB']);
}

async function measureLag(name, a, b, count) {
  const lags = [];
  for (let i = 0; i < count; i++) {
    const path = `/lag-${i}`;
    const startedAt = performance.now();
    const answer = await call(`${a.admin}/routes`, 'POST', { name: `lag-${i}`, paths: [path], hosts: ['127.0.0.1'] });
    if (answer.status !== 201) throw new Error(answer.text);
    while (!(await isRouted(b.proxy + path))) await delay(0);
    lags.push(performance.now() - startedAt);
  }
  rows.push([`${name}: write on one node → routed on the other`, spread(lags), '']);
}

const state = generate();
const directory = join(folder, 'data');
const startedAt = performance.now();
const sqlite = await openSqliteStore({ directory, schemas });
await sqlite.replace(state);
await sqlite.close();
rows.push([`SQLite: ${TOTAL} entities written at once`, show(performance.now() - startedAt), '']);
const alone = await serve(['--data', directory]);
await measureNode('SQLite', alone);
await alone.stop();

const found = findPostgres();
if ('missing' in found) console.log(`without PostgreSQL: ${found.missing}`);
else {
  const server = await startPostgres(found.binaries, ['fsync=on', 'shared_buffers=256MB']);
  try {
    for (const isFull of [false, true]) {
      const address = await server.createDatabase();
      if (isFull) {
        const filledAt = performance.now();
        const store = await openPostgresStore({ address, schemas });
        await store.replace(state);
        await store.close();
        rows.push([`PostgreSQL: ${TOTAL} entities written at once`, show(performance.now() - filledAt), '']);
      }
      const url = `postgres://${address.user}@${address.host}:${address.port}/${address.database}`;
      const env = { KONG_PG_PASSWORD: address.password };
      const [a, b] = [await serve(['--database', url], env), await serve(['--database', url], env)];
      if (isFull) await measureNode('PostgreSQL', a);
      await measureLag(`PostgreSQL, ${isFull ? TOTAL : 'no'} entities`, a, b, isFull ? 40 : 200);
      await Promise.all([a.stop(), b.stop()]);
    }
  } finally {
    await server.remove();
  }
}
printTable(rows);
process.exit(0);
