// What changes of routes do to requests that come meanwhile: 100 000 routes, a request every few milliseconds, and beside it
// nothing, single writes, or a replacement of everything. The gateway is a process of its own; load and upstream share this one.
// Options of node are passed on to the gateway, --trace-gc say.
//   node bench/reload.mjs [routes]
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setEngineFlags } from '../src/cli/serve/v8-flags.ts';
import { createSchemas } from '../src/entities/registry.ts';
import { startGateway } from '../src/gateway/gateway.ts';
import { uuidV5 } from '../src/lib/ids.ts';
import { bundledPlugins } from '../src/plugins/index.ts';
import { schemaOf } from '../src/schema/schema-set.ts';
import { processEntity } from '../src/schema/validate.ts';
import { createState } from '../src/state/state.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { settlingStore } from '../src/store/settling.ts';
import { COLUMNS, RouteLoad } from './reload-load.mjs';

const NAMESPACE = 'f3b7c1a2-0000-4000-8000-000000000000';
const SERVICE = uuidV5(NAMESPACE, 'service');
const COUNT = Number(process.argv[2] ?? 100_000);

if (process.send === undefined) await measure();
else await serve();

async function serve() {
  setEngineFlags();
  const schemas = createSchemas(bundledPlugins);
  const make = (kind, fields) => {
    const made = processEntity(schemas, schemaOf(schemas, kind), fields, { auto: { now: Date.now } });
    if (!made.ok) throw new Error(JSON.stringify(made.errors));
    return { action: 'upsert', kind, entity: made.entity };
  };
  const routeOf = (i, version) =>
    make('routes', {
      id: uuidV5(NAMESPACE, `route ${i}`),
      name: `route-${i}`,
      hosts: [`h${i >> 4}.test`],
      paths: [`/r${i}/${version}`, `/r${i}/all`],
      service: { id: SERVICE },
    });
  const stateOf = (port, version) => {
    const changes = [make('services', { id: SERVICE, name: 's', host: '127.0.0.1', port })];
    for (let i = 0; i < COUNT; i++) changes.push(routeOf(i, version));
    const state = createState(schemas).with(changes);
    if (!state.ok) throw new Error(JSON.stringify(state.error));
    return state.value;
  };
  const port = await new Promise((resolve) => process.once('message', resolve));
  const memory = new MemoryStore(stateOf(port, 'old'));
  const next = stateOf(port, 'new');
  const gateway = await startGateway({
    store: memory,
    plugins: bundledPlugins,
    listen: [{ host: '127.0.0.1', port: 0 }],
    events: { log: (level, message) => console.log(level, message) },
  });
  const store = settlingStore(memory, () => gateway.settled());
  process.on('message', async ({ task, i }) => {
    const start = performance.now();
    if (task === 'write') await store.commit([routeOf(i, `v${i}`)]);
    if (task === 'replace') await store.replace(next);
    process.send({ took: performance.now() - start });
  });
  // What making the states has left behind is not what is measured.
  globalThis.gc();
  process.send({ port: gateway.addresses[0].port });
}

async function measure() {
  const upstream = createServer((_, response) => response.end('ok'));
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const child = fork(fileURLToPath(import.meta.url), [String(COUNT)], {
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const heard = () => new Promise((resolve) => child.once('message', resolve));
  child.send(upstream.address().port);
  const { port } = await heard();
  const load = new RouteLoad(port, COUNT);
  const during = (name, work) => load.during(name, work);
  const writes = async (count, pauseMs) => {
    const times = [];
    for (let i = 0; i < count; i++) {
      child.send({ task: 'write', i: (i * 31) % COUNT });
      times.push((await heard()).took);
      await delay(pauseMs);
    }
    times.sort((a, b) => a - b);
    return `${count} writes, median ${times[count >> 1].toFixed(1)} ms, longest ${times[count - 1].toFixed(1)} ms`;
  };

  await during('warm-up', () => delay(3000, ''));
  console.log(`${COUNT} routes; ${COLUMNS}`);
  await during('nothing else', () => delay(5000, ''));
  await during('10 writes a second', () => writes(100, 100));
  await during('writes without a pause', () => writes(3000, 0));
  await during('everything replaced', async () => {
    child.send({ task: 'replace' });
    return `after ${(await heard()).took.toFixed(0)} ms`;
  });
  child.kill();
  load.close();
  upstream.closeAllConnections();
  upstream.close();
}
