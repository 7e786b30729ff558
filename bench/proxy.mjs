// CPU time per request of the proxy, beside nginx, haproxy and caddy doing the same, in interleaved rounds: every round
// measures every row, and every row every proxy, so that what else a machine does hits all of them. Requests per second move
// with that; the ratios move far less.
//   npm run bench:proxy [-- --rows small,tls --rounds N --seconds N --peers nginx,haproxy]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, LOAD_CORE, needTools, PROXY_CORE, startBackend } from './nginx.mjs';
import { load, measure } from './proxy-loads.mjs';
import { isInstalled, listening, PEERS, startPeer, tlsEnvironment } from './proxy-peers.mjs';
import { folder, median, memoryOf, printTable, serve, start } from './rig.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    rows: { type: 'string' },
    peers: { type: 'string', default: PEERS.join(',') },
  },
});

const KEY = ['-H', 'Host: h42.test', '-H', 'apikey: bench'];
const postScript = join(folder, 'post.lua');
/** `ours` is which of our gateways; without `alone` the peers do the same. */
const ROWS = [
  { row: 'small', name: 'small GET', target: 1.3, load: 'http', path: '/', ours: 'bare' },
  { row: 'post', name: 'POST 1 KB', target: 1.3, load: 'http', path: '/', args: ['-s', postScript], ours: 'bare' },
  { row: '10k', name: 'GET 10 KB', target: 1.4, load: 'http', path: '/files/10k', ours: 'bare' },
  { row: '1m', name: 'GET 1 MB', target: 1.1, load: 'http', path: '/files/1m', ours: 'bare' },
  { row: 'tls', name: 'small GET, TLS kept alive', target: 1.3, load: 'https', path: '/', ours: 'bare' },
  { row: 'h2', name: 'small GET, HTTP/2 over TLS', target: 1.7, load: 'h2', path: '/', ours: 'bare' },
  { row: 'websocket', name: 'WebSocket echo of 128 bytes', load: 'websocket', path: '/ws', ours: 'bare' },
  {
    row: 'plugins',
    name: 'five plugins, 10 000 routes; peers bare',
    target: 1.55,
    load: 'http',
    path: '/p9942/x',
    args: KEY,
    ours: 'plugins',
  },
  ...[1, 100, 10_000, 100_000].map((count) => ({
    row: `routes-${count}`,
    name: `${count.toLocaleString('en').replaceAll(',', ' ')} routes; nginx bare`,
    load: 'http',
    path: `/p${count - 1}/x`,
    args: ['-H', `Host: h${(count - 1) % 100}.test`],
    ours: `routes-${count}`,
    peers: ['nginx'],
  })),
];

const rows = values.rows === undefined ? ROWS : chooseRows(values.rows.split(','));
needTools();
writeFileSync(postScript, 'wrk.method = "POST"\nwrk.body = string.rep("x", 1024)\n');

const [backend, sockets] = [await freePort(), await freePort()];
const files = join(folder, 'files');
mkdirSync(files);
for (const [name, size] of [
  ['10k', 10_240],
  ['1m', 1_048_576],
])
  writeFileSync(join(files, name), 'x'.repeat(size));
startBackend(backend, `location /files/ { alias ${files}/; }`);
const echo = fileURLToPath(new URL('./websocket.mjs', import.meta.url));
start(process.execPath, [echo, 'echo', String(sockets)], { core: LOAD_CORE });
await listening(sockets, 'the WebSocket echo');

const missing = [];
const peers = [];
for (const name of values.peers.split(',')) {
  if (!isInstalled(name)) missing.push(name);
  else peers.push(await startPeer(name, { plain: await freePort(), tls: await freePort() }, backend, sockets));
}
const hasH2load = isInstalled('h2load');
if (missing.length > 0) console.log(`not installed, left out: ${missing.join(', ')}`);
if (!hasH2load) console.log('h2load is not installed (apt-get install nghttp2-client): no row for HTTP/2');

const service = { name: 's', url: `http://127.0.0.1:${backend}` };
const routes = (count) =>
  Array.from({ length: count }, (_, i) => ({
    name: `r${i}`,
    hosts: [`h${i % 100}.test`],
    paths: [`/p${i}/x`],
    strip_path: false,
  }));

function configuration(kind) {
  if (kind === 'bare') {
    const bare = [{ name: 'r', paths: ['/'], strip_path: false }];
    const ws = [{ name: 'ws', paths: ['/ws'], strip_path: false }];
    return {
      services: [
        { ...service, routes: bare },
        { name: 'ws', url: `http://127.0.0.1:${sockets}`, routes: ws },
      ],
    };
  }
  if (kind !== 'plugins') return { services: [{ ...service, routes: routes(Number(kind.slice('routes-'.length))) }] };
  return {
    services: [{ ...service, routes: routes(10_000) }],
    consumers: [{ username: 'bench', keyauth_credentials: [{ key: 'bench' }] }],
    plugins: [
      { name: 'cors', config: {} },
      { name: 'key-auth', config: {} },
      { name: 'rate-limiting', config: { hour: 1_000_000_000, policy: 'local' } },
      { name: 'request-transformer', config: { add: { headers: ['x-added:1'] } } },
      { name: 'file-log', config: { path: '/dev/null' } },
    ],
  };
}

const gateways = new Map();
async function gateway(kind) {
  if (!gateways.has(kind)) {
    const file = join(folder, `${kind}.json`);
    writeFileSync(file, JSON.stringify({ _format_version: '3.0', ...configuration(kind) }));
    const ports = { plain: await freePort(), tls: await freePort() };
    const proxyListen = `127.0.0.1:${ports.plain}, 127.0.0.1:${ports.tls} ssl http2`;
    const env = { ...tlsEnvironment, KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '100000000' };
    const { child } = await serve(file, { core: PROXY_CORE, proxyListen, env });
    gateways.set(kind, { name: 'ours', pid: child.pid, ports });
    process.kill(child.pid, 'SIGSTOP');
  }
  return gateways.get(kind);
}

/** Our gateways stand still while another proxy is measured: collecting its garbage, each would take the core away from it. */
async function alone(proxy, work) {
  if (proxy.name !== 'ours') return work();
  process.kill(proxy.pid, 'SIGCONT');
  // What its timers have missed is not of the load.
  await setTimeout(300);
  const result = await work();
  process.kill(proxy.pid, 'SIGSTOP');
  return result;
}

const measured = [];
for (const row of rows) {
  if (row.load === 'h2' && !hasH2load) continue;
  const others = row.peers === undefined ? peers : peers.filter(({ name }) => row.peers.includes(name));
  const proxies = [...others, await gateway(row.ours)];
  measured.push({ row, proxies, results: new Map(proxies.map((proxy) => [proxy, []])) });
}
// Until connections stand and code is compiled: threads that compile count as CPU, and our rows need some 50 000 requests.
for (const { row, proxies } of measured)
  for (const proxy of proxies) await alone(proxy, () => load(proxy.ports, row, proxy.name === 'ours' ? '6' : '2'));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { row, proxies, results } of measured) {
    for (const proxy of proxies) {
      results.get(proxy).push(await alone(proxy, () => measure(proxy, row, values.seconds)));
    }
    process.stderr.write('.');
  }
}
process.stderr.write('\n');

const table = [['row', 'proxy', 'CPU µs', 'CPU/nginx', 'target', 'p99 ms', 'p99/nginx', 'per second', '']];
for (const { row, proxies, results } of measured) {
  const base = results.get(proxies.find(({ name }) => name === 'nginx'));
  for (const proxy of proxies) {
    const own = results.get(proxy);
    const ratio = (pick) =>
      base === undefined ? undefined : median(own.map((one, i) => pick(one) / pick(base[i]))).toFixed(2);
    const isOurs = proxy.name === 'ours';
    table.push([
      proxy === proxies[0] ? row.name : '',
      proxy.name,
      median(own.map(({ us }) => us)).toFixed(1),
      ratio(({ us }) => us) ?? '',
      isOurs && row.target !== undefined ? `≤ ${row.target}` : '',
      median(own.map(({ p99 }) => p99)).toFixed(2),
      ratio(({ p99 }) => p99) ?? '',
      Math.round(median(own.map(({ rps }) => rps))),
      own.some(({ wrong }) => wrong) ? 'ERRORS' : '',
    ]);
  }
}
printTable(table);
for (const [kind, { pid }] of gateways) {
  console.log(`peak memory, ${kind}: ${Math.round(memoryOf(pid))} MB`);
  process.kill(pid, 'SIGCONT');
}
process.exit(0);

function chooseRows(words) {
  const chosen = ROWS.filter(({ row }) => words.some((word) => row === word || row.startsWith(`${word}-`)));
  const unknown = words.filter((word) => !ROWS.some(({ row }) => row === word || row.startsWith(`${word}-`)));
  if (unknown.length === 0) return chosen;
  console.log(`no such row: ${unknown.join(', ')}; there are ${ROWS.map(({ row }) => row).join(', ')}`);
  process.exit(1);
}
