// The main job on embedded defaults: two small upstream services and the gateway start, a changed file is validated,
// compared and synced, and requests through the proxy prove what the file says. Everything stops at the end.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GWCTL = join(ROOT, 'bin', 'gwctl.js');
const FIXTURE = join(ROOT, 'fixtures', 'quickstart', 'gateway.yaml');
const KEY = 'alice-key-for-the-quickstart';

let failures = 0;
const closers = [];

function check(isRight, text) {
  console.log(`  ${isRight ? 'ok  ' : 'FAIL'} ${text}`);
  if (!isRight) failures += 1;
}

const step = (text) => console.log(`\n== ${text}`);

/** A service that says its name and what it was asked. */
async function startUpstream(name) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify({ service: name, path: request.url, headers: request.headers })}\n`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  closers.push(stop);
  return { port: server.address().port, stop };
}

/** Runs gwctl, shows the command and its output, and answers both streams with the exit code. */
function gwctl(...args) {
  console.log(`$ gwctl ${args.map((arg) => arg.replace(`${ROOT}/`, '')).join(' ')}`);
  return new Promise((resolve) => {
    execFile(process.execPath, [GWCTL, ...args], (error, stdout, stderr) => {
      process.stdout.write(stdout + stderr);
      resolve({ code: error === null ? 0 : error.code, stdout });
    });
  });
}

/** Starts the gateway and waits for its banner, which says where it listens. */
async function startGateway(file) {
  const listen = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--status-listen', 'off'];
  const flags = [...listen, '--proxy-access-log', 'off'];
  console.log(`$ gwctl serve gateway.yaml ${flags.join(' ')}`);
  const child = spawn(process.execPath, [GWCTL, 'serve', file, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  closers.push(() => {
    child.kill('SIGTERM');
    return new Promise((resolve) => child.on('exit', resolve));
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('kept ')) break;
  }
  process.stdout.write(text);
  return { proxy: /proxy\s+(\S+)/.exec(text)[1], admin: /Admin API\s+(\S+)/.exec(text)[1] };
}

async function ask(url, headers = {}) {
  const response = await fetch(url, { headers });
  const body = await response.text();
  return { status: response.status, headers: response.headers, json: body.startsWith('{') ? JSON.parse(body) : {} };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'gwctl-quickstart-'));
  closers.push(() => rm(folder, { recursive: true }));
  step('two upstream services');
  const first = await startUpstream('orders-1');
  const second = await startUpstream('orders-2');
  console.log(`orders-1 on port ${first.port}, orders-2 on port ${second.port}`);
  const text = (await readFile(FIXTURE, 'utf8'))
    .replace('127.0.0.1:9001', `127.0.0.1:${first.port}`)
    .replace('127.0.0.1:9002', `127.0.0.1:${second.port}`)
    .replace('127.0.0.1:9003', `127.0.0.1:${second.port}`);
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, text);

  step('the gateway, from the file');
  const { proxy, admin } = await startGateway(file);
  const address = ['--kong-addr', admin];

  step('validate, and diff of a changed file');
  check((await gwctl('validate', file)).code === 0, 'the file is valid');
  const changed = join(folder, 'changed.yaml');
  const withRoute = text
    .replace('minute: 5', 'minute: 8')
    .replace(
      '      - name: order-by-number',
      '      - name: baskets\n        paths: [/baskets]\n      - name: order-by-number',
    );
  await writeFile(changed, withRoute);
  const before = await ask(`${proxy}/baskets`);
  check(before.status === 404, 'GET /baskets has no route yet: 404');
  const diff = await gwctl('diff', changed, '--non-zero-exit-code', ...address);
  check(diff.code === 2 && diff.stdout.includes('creating route baskets'), 'diff shows the new route and exits with 2');

  step('sync, then diff again');
  check((await gwctl('sync', changed, ...address)).code === 0, 'sync made the gateway equal to the file');
  check((await gwctl('diff', changed, '--non-zero-exit-code', ...address)).code === 0, 'nothing is left to change');

  step('dump');
  const dumped = join(folder, 'dump.yaml');
  check((await gwctl('dump', '-o', dumped, ...address)).code === 0, 'the state of the gateway is a file again');
  const again = await gwctl('diff', dumped, '--non-zero-exit-code', ...address);
  check(again.code === 0, 'the dump and the gateway are equal');

  step('requests through the proxy');
  check((await ask(`${proxy}/baskets`)).status === 200, 'routing: GET /baskets answers now');
  check((await ask(`${proxy}/orders/42`)).json.path === '/api/orders/42', 'routing by a regular expression, path kept');
  const noKey = await ask(`${proxy}/orders`);
  check(noKey.status === 401, `key-auth: no key, ${noKey.status}`);
  const withKey = await ask(`${proxy}/orders`, { apikey: KEY });
  check(withKey.json.headers?.['x-consumer-username'] === 'alice', 'key-auth: the upstream sees consumer alice');
  check(withKey.json.headers?.apikey === undefined, 'key-auth: and not her key');
  const counts = { 'orders-1': 0, 'orders-2': 0 };
  for (let i = 0; i < 40; i++) counts[(await ask(`${proxy}/orders/${i}`)).json.service] += 1;
  check(counts['orders-1'] === 30 && counts['orders-2'] === 10, `load balancing by weight: ${JSON.stringify(counts)}`);
  const statuses = [];
  // A calendar minute may end in between, so the limit of 8 may be reached a little later.
  while (statuses.at(-1) !== 429 && statuses.length < 20) {
    statuses.push((await ask(`${proxy}/orders`, { apikey: KEY })).status);
  }
  check(statuses.at(-1) === 429 && statuses[0] === 200, `rate limiting: ${statuses.join(' ')}`);
  await first.stop();
  const alive = [];
  for (let i = 0; i < 10; i++) alive.push((await ask(`${proxy}/orders/${i}`)).status);
  check(
    alive.every((status) => status === 200),
    `one target stopped: ${alive.join(' ')}`,
  );
  await pause(600);
  const health = await fetch(`${admin}/upstreams/orders.upstream/health`).then((response) => response.json());
  const words = health.data.map((row) => row.health).sort();
  check(words.join() === 'HEALTHY,UNHEALTHY', `active checks see it: ${words.join(', ')}`);
}

try {
  await main();
} catch (error) {
  failures += 1;
  console.error(error);
} finally {
  for (const close of closers.reverse()) await close();
}
console.log(failures === 0 ? '\nEverything above is as the file says.' : `\n${failures} checks failed.`);
process.exitCode = failures === 0 ? 0 : 1;
