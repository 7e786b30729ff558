// CPU time per request of the proxy, as a ratio to nginx doing the same, paired in interleaved rounds. Requests per second
// move with whatever else a machine does; this moves far less.
//   npm run bench:proxy [-- --rounds N --seconds N --all]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, load, measure, needTools, PROXY_CORE, startBackend, startPeer } from './nginx.mjs';
import { folder, median, memoryOf, printTable, serve } from './rig.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '2' },
    all: { type: 'boolean', default: false },
  },
});

needTools();

const [backendPort, nginxPort] = [await freePort(), await freePort()];
const files = join(folder, 'files');
mkdirSync(files);
for (const [name, size] of [
  ['10k', 10_240],
  ['1m', 1_048_576],
])
  writeFileSync(join(files, name), 'x'.repeat(size));
startBackend(backendPort, `location /files/ { alias ${files}/; }`);
const nginx = startPeer(nginxPort, backendPort);

const service = { name: 's', url: `http://127.0.0.1:${backendPort}` };
const bareFile = join(folder, 'bare.json');
const bareRoutes = [{ name: 'r', paths: ['/'], strip_path: false }];
writeFileSync(bareFile, JSON.stringify({ _format_version: '3.0', services: [{ ...service, routes: bareRoutes }] }));

const manyRoutes = Array.from({ length: 10_000 }, (_, i) => ({
  name: `r${i}`,
  hosts: [`h${i % 100}.test`],
  paths: [`/p${i}/x`],
  strip_path: false,
}));
const plugins = [
  { name: 'cors', config: {} },
  { name: 'key-auth', config: {} },
  { name: 'rate-limiting', config: { hour: 1_000_000_000, policy: 'local' } },
  { name: 'request-transformer', config: { add: { headers: ['x-added:1'] } } },
  { name: 'file-log', config: { path: '/dev/null' } },
];
const fullFile = join(folder, 'full.json');
writeFileSync(
  fullFile,
  JSON.stringify({
    _format_version: '3.0',
    services: [{ ...service, routes: manyRoutes }],
    consumers: [{ username: 'bench', keyauth_credentials: [{ key: 'bench' }] }],
    plugins,
  }),
);
const bare = await serve(bareFile, { core: PROXY_CORE });
const full = await serve(fullFile, { core: PROXY_CORE });

const postScript = join(folder, 'post.lua');
writeFileSync(postScript, 'wrk.method = "POST"\nwrk.body = string.rep("x", 1024)\n');

const KEY = ['-H', 'Host: h42.test', '-H', 'apikey: bench'];
const cases = [
  { name: 'small GET, bare', target: 1.35, path: '/', args: [], ours: bare },
  { name: 'small GET, five plugins, 10 000 routes', target: 1.7, path: '/p9942/x', args: KEY, ours: full },
];
if (values.all) {
  cases.push({ name: 'POST 1 KB, bare', target: 1.3, path: '/', args: ['-s', postScript], ours: bare });
  cases.push({ name: 'GET 10 KB, bare', target: 1.5, path: '/files/10k', args: [], ours: bare });
  cases.push({ name: 'GET 1 MB, bare', target: 1.2, path: '/files/1m', args: [], ours: bare });
}

const { seconds } = values;
const rows = [['case', 'CPU/nginx', 'target', 'nginx µs', 'ours µs', 'ours req/s', 'p99 nginx', 'p99 ours', '']];
for (const one of cases) {
  const peers = [];
  const ours = [];
  await load(nginxPort, one, 1);
  await load(one.ours.proxyPort, one, 1);
  for (let round = 0; round < Number(values.rounds); round++) {
    peers.push(await measure(nginx.pid, nginxPort, one, seconds));
    ours.push(await measure(one.ours.child.pid, one.ours.proxyPort, one, seconds));
    process.stderr.write('.');
  }
  const ratio = median(ours.map((row, i) => row.us / peers[i].us));
  const last = (list) => list[list.length - 1];
  rows.push([
    one.name,
    ratio.toFixed(2),
    `≤ ${one.target}`,
    median(peers.map((row) => row.us)).toFixed(1),
    median(ours.map((row) => row.us)).toFixed(1),
    Math.round(median(ours.map((row) => row.rps))),
    last(peers).p99,
    last(ours).p99,
    ours.some((row) => row.wrong) ? 'ERRORS' : ratio <= one.target ? 'reached' : 'missed',
  ]);
}
process.stderr.write('\n');
printTable(rows);
console.log(
  `memory: bare ${Math.round(memoryOf(bare.child.pid))} MB, five plugins and 10 000 routes ${Math.round(memoryOf(full.child.pid))} MB`,
);
process.exit(0);
