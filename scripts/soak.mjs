#!/usr/bin/env node
// A gateway with two workers under mixed traffic, while everything around it changes: configurations by the Admin API and by
// file, targets that die and come back, a worker that is killed. All on loopback. Fails when a request failed that a healthy
// target could have answered, when memory grows, or when descriptors leak: npm run soak [-- --seconds N] [--workers N].
// Memory is what is left after a collection of garbage: how much of that lies about is no leak, and differs from run to run.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../test/cli/run-source.mjs', import.meta.url));
const PROBE = new URL('soak-probe.mjs', import.meta.url).href;
const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const seconds = argument('seconds', 300);
const isVerbose = process.argv.includes('--verbose');
const workerCount = argument('workers', 2);
if (!(seconds >= 5 && workerCount >= 1)) {
  console.error('Usage: npm run soak -- [--seconds N (5 or more)] [--workers N] [--verbose]');
  process.exit(2);
}
/** Shorter runs end before memory has settled: then it is printed, but not judged. */
const JUDGED_SECONDS = 120;
const CONNECTIONS = 32;
const MEMORY_TOLERANCE = 0.1;
const DESCRIPTOR_TOLERANCE = 16;

const folder = mkdtempSync(join(tmpdir(), 'gwctl-soak-'));
const file = join(folder, 'state.yaml');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const faults = [];
const counts = { requests: 0, excused: 0, writes: 0, reloads: 0, targets: 0, workers: 0 };

class Target {
  port = 0;
  #server;
  async start() {
    this.#server = createServer((incoming, response) => {
      if (incoming.method === 'GET') return response.end(`hello from ${this.port}`);
      let bytes = 0;
      incoming.on('data', (chunk) => (bytes += chunk.length)).on('end', () => response.end(String(bytes)));
    });
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = this.#server.address().port;
  }
  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function writeState(round, targets, steady) {
  writeFileSync(
    file,
    `_format_version: "3.0"
services:
  - name: balanced
    host: balanced
    retries: 5
    connect_timeout: 1000
    routes:
      - {name: balanced, paths: [/balanced]}
      - {name: round, paths: [/round-${round}]}
  - name: steady
    url: http://127.0.0.1:${steady.port}
    routes: [{name: steady, paths: [/steady]}]
upstreams:
  - name: balanced
    targets: [${targets.map(({ port }) => `{target: "127.0.0.1:${port}"}`).join(', ')}]
    healthchecks:
      active:
        http_path: /
        healthy: {interval: 1, successes: 1}
        unhealthy: {interval: 1, tcp_failures: 1}
plugins:
  - {name: correlation-id, config: {header_name: X-Soak}}
  - {name: prometheus, config: {status_code_metrics: true}}
`,
  );
}

async function startGateway() {
  const free = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--status-listen', 'off'];
  const more = ['--workers', String(workerCount), '--proxy-access-log', join(folder, 'access.log')];
  const plugins = ['--plugins', 'correlation-id,prometheus'];
  const options = ['--expose-gc', '--import', PROBE];
  const child = spawn(process.execPath, [...options, RUN, 'serve', file, ...free, ...more, ...plugins], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SOAK_FOLDER: folder },
  });
  let output = '';
  let log = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  for (let i = 0; i < 300 && !output.includes('kept '); i++) await sleep(100);
  const proxy = /proxy\s+(\S+)/.exec(output)?.[1];
  const admin = /Admin API\s+(\S+)/.exec(output)?.[1];
  if (proxy === undefined || admin === undefined) throw new Error(`the gateway did not start: ${log}`);
  return { child, proxy, admin, ended, log: () => log };
}

function send(url, { method = 'GET', body, agent } = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent }, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

let isOver = false;
let killedAt = 0;

async function client(proxy, index) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const big = 'x'.repeat(100_000);
  for (let i = index; !isOver; i++) {
    const isPost = i % 5 === 0;
    const options = isPost ? { method: 'POST', body: i % 10 === 0 ? big : 'small' } : {};
    // Now and then a connection for one request.
    const own = i % 17 === 0 ? new Agent({ keepAlive: false }) : agent;
    const startedAt = Date.now();
    try {
      const { status, text } = await send(`${proxy}${isPost ? '/steady' : '/balanced'}/${i}`, {
        ...options,
        agent: own,
      });
      counts.requests += 1;
      const isRight = isPost ? text === String(options.body.length) : text.startsWith('hello from ');
      if (status !== 200 || !isRight) faults.push(`${options.method ?? 'GET'} ${i}: ${status} ${text.slice(0, 80)}`);
    } catch (error) {
      // A killed worker takes its connections along: nobody could have answered on those. A client may use one before it
      // has heard of the end.
      if (startedAt - killedAt < 200 && Date.now() - killedAt < 1000) {
        counts.excused += 1;
        // Its place among those who listen is not given up in the same moment.
        await sleep(50);
      } else faults.push(`${options.method ?? 'GET'} ${i}: ${error.code ?? error.message}`);
    }
  }
  agent.destroy();
}

/** Configurations come one after the other, so that what was written may be asked for. */
async function reconfigure({ proxy, admin, child }, targets, steady) {
  for (let round = 1; !isOver; round++) {
    try {
      // Few names: every route that ever was keeps its place in the metrics.
      const name = `made-${round % 10}`;
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ name, paths: [`/${name}`] });
      const created = await fetch(`${admin}/services/steady/routes`, { method: 'POST', headers, body });
      await created.arrayBuffer();
      counts.writes += 1;
      if (created.status !== 201) faults.push(`POST /routes: ${created.status}`);
      for (let i = 0; i < 4; i++) await expect(`${proxy}/${name}`, 200, 'a new route');
      const removed = await fetch(`${admin}/routes/${name}`, { method: 'DELETE' });
      counts.writes += 1;
      if (removed.status !== 204) faults.push(`DELETE /routes: ${removed.status}`);
      for (let i = 0; i < 4; i++) await expect(`${proxy}/${name}`, 404, 'a route that is gone');
      if (round % 5 === 0) {
        writeState(round, targets, steady);
        child.kill('SIGHUP');
        counts.reloads += 1;
        for (let i = 0; i < 100 && (await statusOf(`${proxy}/round-${round}`)) !== 200; i++) await sleep(20);
        await expect(`${proxy}/round-${round}`, 200, 'the changed file');
      }
    } catch (error) {
      if (Date.now() - killedAt >= 1000) faults.push(`Admin API: ${error.message}`);
    }
    await sleep(50);
  }
}

const lone = new Agent({ keepAlive: false });
const statusOf = async (url) => (await send(url, { agent: lone })).status;

async function expect(url, status, what) {
  const got = await statusOf(url);
  if (got !== status) faults.push(`${what}: ${got} in place of ${status}`);
}

/** One after the other, so that there is always a healthy one. */
async function disturbTargets(targets) {
  for (let i = 0; !isOver; i++) {
    await sleep(700);
    const target = targets[i % targets.length];
    target.stop();
    counts.targets += 1;
    await sleep(900);
    await target.start();
    // The others may only fail once this one is known to be back.
    await sleep(1500);
  }
}

async function workersOf(admin) {
  return (await (await fetch(admin)).json()).pids.workers;
}

/** Undefined where the system does not tell. */
async function inspect(pids) {
  if (!existsSync('/proc/self/status')) return undefined;
  let bytes = 0;
  let kilobytes = 0;
  let descriptors = 0;
  for (const pid of pids) {
    const path = join(folder, `memory-${pid}.json`);
    try {
      process.kill(pid, 'SIGUSR2');
      for (let i = 0; i < 50 && !existsSync(path); i++) await sleep(20);
      const { heapUsed, external } = JSON.parse(readFileSync(path, 'utf8'));
      bytes += heapUsed + external;
      kilobytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
      descriptors += readdirSync(`/proc/${pid}/fd`).length;
      rmSync(path);
    } catch {
      // It has just ended; the next look is at its successor.
      return undefined;
    }
  }
  return { used: bytes / 2 ** 20, resident: kilobytes / 1024, descriptors };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function main() {
  const targets = [new Target(), new Target(), new Target()];
  const steady = new Target();
  for (const target of [...targets, steady]) await target.start();
  writeState(0, targets, steady);
  const gateway = await startGateway();
  const startedAt = Date.now();
  const work = [
    ...Array.from({ length: CONNECTIONS }, (_, i) => client(gateway.proxy, i)),
    reconfigure(gateway, targets, steady),
    disturbTargets(targets),
  ];
  const samples = [];
  let inspectedAt = 0;
  const killAt = workerCount > 1 ? [0.15, 0.3] : [];
  let known = '';
  let knownSince = 0;
  while (Date.now() - startedAt < seconds * 1000) {
    await sleep(500);
    const share = (Date.now() - startedAt) / (seconds * 1000);
    const pids = await workersOf(gateway.admin);
    if (String(pids) !== known) {
      known = String(pids);
      knownSince = Date.now();
    }
    // A worker that has just begun does not take the other's place yet.
    if (share >= killAt[0] && pids.length === workerCount && Date.now() - knownSince > 2000) {
      killAt.shift();
      killedAt = Date.now();
      process.kill(pids[0], 'SIGKILL');
      counts.workers += 1;
    }
    // A worker that has just begun does not listen to the signal yet.
    const isQuiet = Date.now() - killedAt > 5000 && Date.now() - startedAt > 5000;
    if (pids.length < workerCount || !isQuiet || Date.now() - inspectedAt < (seconds * 1000) / 60) continue;
    inspectedAt = Date.now();
    const sample = await inspect(new Set([gateway.child.pid, ...pids]));
    if (sample !== undefined) samples.push({ share, ...sample });
    if (isVerbose) console.log(JSON.stringify(sample));
  }
  isOver = true;
  await Promise.all(work);
  gateway.child.kill('SIGTERM');
  const code = await gateway.ended;
  if (code !== 0) faults.push(`the gateway ended with ${code}`);
  for (const target of [...targets, steady]) target.stop();
  report(samples);
  rmSync(folder, { recursive: true });
  if (faults.length > 0) {
    console.log(`log of the gateway, its end:\n${gateway.log().split('\n').slice(-15).join('\n')}`);
    process.exitCode = 1;
  }
}

function report(samples) {
  console.log(`${seconds} s, ${workerCount} workers, ${CONNECTIONS} connections`);
  console.log(`  requests              ${counts.requests} (${Math.round(counts.requests / seconds)}/s)`);
  console.log(`  Admin API writes      ${counts.writes}, file reloads ${counts.reloads}`);
  console.log(`  targets killed        ${counts.targets}, workers killed ${counts.workers}`);
  console.log(`  lost with a worker    ${counts.excused} (no more than its connections)`);
  if (counts.excused > CONNECTIONS * Math.max(counts.workers, 0)) faults.push('more was lost than the workers had');
  const warm = samples.filter(({ share }) => share >= 0.4 && share < 0.6);
  const last = samples.filter(({ share }) => share >= 0.8);
  if (warm.length === 0 || last.length === 0) console.log('  memory, descriptors   unknown on this system');
  else {
    const before = (name) => mean(warm.map((sample) => sample[name]));
    const after = (name) => mean(last.map((sample) => sample[name]));
    const growth = after('used') / before('used') - 1;
    const percent = `${growth < 0 ? '' : '+'}${(growth * 100).toFixed(1)} %`;
    const isJudged = seconds >= JUDGED_SECONDS;
    const told = (name) => `${before(name).toFixed(0)} → ${after(name).toFixed(0)}`;
    console.log(`  memory in use         ${told('used')} MB (${percent}${isJudged ? '' : ', not judged'})`);
    console.log(`  memory of the system  ${told('resident')} MB`);
    if (isJudged && growth > MEMORY_TOLERANCE) faults.push(`memory grew by ${percent}`);
    console.log(`  descriptors           ${told('descriptors')}`);
    if (after('descriptors') > before('descriptors') * 1.1 + DESCRIPTOR_TOLERANCE) faults.push('descriptors leak');
  }
  console.log(`  failed                ${faults.length}`);
  for (const fault of faults.slice(0, 20)) console.log(`    ${fault}`);
}

await main();
