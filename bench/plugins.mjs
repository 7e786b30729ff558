// What plugins cost: CPU time per request that each adds to the same route without it, in interleaved rounds in one gateway,
// and of sets that people really use, one of them against nginx without any.
//   npm run bench:plugins [-- --rounds N --seconds N --only NAME]
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, load, measure, needTools, PROXY_CORE, startBackend, startPeer } from './nginx.mjs';
import { folder, median, printTable, serve } from './rig.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const { seconds } = values;

needTools();

const base64 = (text) => Buffer.from(text).toString('base64url');
const unsigned = `${base64('{"alg":"HS256","typ":"JWT"}')}.${base64('{"iss":"bench"}')}`;
const token = `${unsigned}.${createHmac('sha256', 'secret').update(unsigned).digest('base64url')}`;

const KEY = ['-H', 'apikey: bench'];
const ORIGIN = ['-H', 'Origin: https://a.test'];
const PLENTY = 1_000_000_000;
const local = { hour: PLENTY, policy: 'local' };
const added = { add: { headers: ['x-added:1'] } };

/** name, configuration, what the request needs; µs that it may add, null where nothing was said. */
const single = (name, config = {}, args = [], target = 2) => ({ name, plugins: [{ name, config }], args, target });
const cases = [
  single('correlation-id'),
  { ...single('correlation-id', { echo_downstream: true }), name: 'correlation-id (echoed)' },
  single('bot-detection'),
  single('cors', {}, ORIGIN),
  single('key-auth', {}, KEY),
  single('jwt', {}, ['-H', `Authorization: Bearer ${token}`], null),
  single('basic-auth', {}, ['-H', `Authorization: Basic ${Buffer.from('bench:bench').toString('base64')}`], null),
  single('ip-restriction', { deny: ['10.0.0.0/8', '2001:db8::/32'] }),
  single('request-size-limiting'),
  single('rate-limiting', local),
  single('response-ratelimiting', { limits: { video: { hour: PLENTY } } }),
  single('request-transformer', added),
  single('response-transformer', added),
  { ...single('request-termination', { trigger: 'x-never' }), name: 'request-termination (not triggered)' },
  { ...single('proxy-cache', { strategy: 'memory', content_type: ['*/*'] }), name: 'proxy-cache (hit)' },
  single('file-log', { path: '/dev/null' }),
  single('prometheus'),
  {
    name: 'key-auth, acl, rate-limiting, cors, correlation-id',
    plugins: [
      { name: 'key-auth' },
      { name: 'acl', config: { allow: ['benchers'] } },
      { name: 'rate-limiting', config: local },
      { name: 'cors' },
      { name: 'correlation-id' },
    ],
    args: [...KEY, ...ORIGIN],
    target: 6,
  },
  {
    name: 'correlation-id, cors, key-auth, rate-limiting, request-transformer',
    plugins: [
      { name: 'correlation-id' },
      { name: 'cors' },
      { name: 'key-auth' },
      { name: 'rate-limiting', config: local },
      { name: 'request-transformer', config: added },
    ],
    args: [...KEY, ...ORIGIN],
    ratio: 1.8,
  },
].filter(({ name }) => values.only === undefined || name.includes(values.only));

const [backendPort, nginxPort] = [await freePort(), await freePort()];
startBackend(backendPort);
const nginx = startPeer(nginxPort, backendPort);

const routes = [{ name: 'bare', paths: ['/bare'], strip_path: false }];
for (const [index, one] of cases.entries()) {
  one.path = `/case-${index}`;
  routes.push({ name: `case-${index}`, paths: [one.path], strip_path: false, plugins: one.plugins });
}
const file = join(folder, 'plugins.json');
const consumer = {
  username: 'bench',
  acls: [{ group: 'benchers' }],
  keyauth_credentials: [{ key: 'bench' }],
  basicauth_credentials: [{ username: 'bench', password: 'bench' }],
  jwt_secrets: [{ key: 'bench', secret: 'secret' }],
};
const service = { name: 's', url: `http://127.0.0.1:${backendPort}`, routes };
writeFileSync(file, JSON.stringify({ _format_version: '3.0', services: [service], consumers: [consumer] }));
const gateway = await serve(file, { core: PROXY_CORE });

const targetOf = ({ target, ratio }) => (ratio !== undefined ? `≤ ${ratio} ×` : target === null ? '' : `≤ ${target}`);
const ours = (one) => measure(gateway.child.pid, gateway.proxyPort, one, seconds);
const rows = [['plugins', 'added µs', 'target', 'in all µs', 'nginx µs', 'ratio', '']];
for (const one of cases) {
  const bare = { path: '/bare', args: one.args };
  const plain = [];
  const loaded = [];
  const peers = [];
  for (const each of [bare, one]) await load(gateway.proxyPort, each, 1);
  for (let round = 0; round < Number(values.rounds); round++) {
    // Whatever else the machine does moves all figures: what is compared is measured before and after.
    const before = await ours(bare);
    loaded.push(await ours(one));
    plain.push((before.us + (await ours(bare)).us) / 2);
    if (one.ratio !== undefined) peers.push(await measure(nginx.pid, nginxPort, one, seconds));
    process.stderr.write('.');
  }
  const extra = median(loaded.map(({ us }, i) => us - plain[i]));
  const ratio = one.ratio === undefined ? undefined : median(loaded.map(({ us }, i) => us / peers[i].us));
  const isReached = ratio === undefined ? extra <= one.target : ratio <= one.ratio;
  const verdict = (one.target ?? one.ratio ?? null) === null ? '' : isReached ? 'reached' : 'missed';
  rows.push([
    one.name,
    extra.toFixed(1),
    targetOf(one),
    median(loaded.map(({ us }) => us)).toFixed(1),
    ratio === undefined ? '' : median(peers.map(({ us }) => us)).toFixed(1),
    ratio === undefined ? '' : ratio.toFixed(2),
    loaded.some(({ wrong }) => wrong) ? 'ERRORS' : verdict,
  ]);
}
process.stderr.write('\n');
printTable(rows);
process.exit(0);
