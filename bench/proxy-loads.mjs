// What a proxy is made to do: requests over HTTP/1.1 (wrk), HTTP/2 (h2load) and messages over WebSockets. Each load tells how
// many there were, how many a second, and the slowest of a hundred in ms.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE } from './nginx.mjs';
import { cpuOf, folder, run } from './rig.mjs';

const HEADERS = ['-H', 'User-Agent: bench', '-H', 'Accept: */*', '-H', 'X-Request: abcdef'];
const WEBSOCKET = fileURLToPath(new URL('./websocket.mjs', import.meta.url));
const UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Over 64 connections. @param scheme http or https. */
async function wrk(scheme, port, { path, args = [] }, seconds) {
  const all = [
    '-t1',
    '-c64',
    `-d${seconds}s`,
    '--latency',
    ...HEADERS,
    ...args,
    `${scheme}://127.0.0.1:${port}${path}`,
  ];
  const { stdout } = await run('wrk', all, { core: LOAD_CORE });
  const [, p99, unit] = /99%\s+([\d.]+)([a-z]+)/.exec(stdout);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)[1]),
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    p99: Number(p99) * UNITS[unit],
    wrong: /Non-2xx|Socket errors/.test(stdout),
  };
}

let logs = 0;

/** Over 16 connections with 4 streams each, in TLS: fewer would reach what one connection may ask for. */
async function h2load(port, { path }, seconds) {
  const log = join(folder, `h2load-${++logs}`);
  const all = ['-t1', '-c16', '-m4', '-D', seconds, `--log-file=${log}`, `https://127.0.0.1:${port}${path}`];
  const { stdout } = await run('h2load', all, { core: LOAD_CORE });
  const times = [];
  let wrong = !/ALPN protocol: h2|Application protocol: h2/.test(stdout);
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (line === '') continue;
    const [, status, microseconds] = line.split('\t').map(Number);
    if (status !== 200) wrong = true;
    times.push(microseconds);
  }
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    rps: Number(/finished in [\d.]+\w+, ([\d.]+) req\/s/.exec(stdout)[1]),
    p99: (times[Math.floor(times.length * 0.99)] ?? 0) / 1000,
    wrong: wrong || times.length === 0,
  };
}

/** Over 64 connections, each with one message of 128 bytes under way. */
async function websocket(port, { path }, seconds) {
  const { stdout } = await run(process.execPath, [WEBSOCKET, 'load', String(port), path, seconds], { core: LOAD_CORE });
  return JSON.parse(stdout);
}

const LOADS = {
  http: (ports, one, seconds) => wrk('http', ports.plain, one, seconds),
  https: (ports, one, seconds) => wrk('https', ports.tls, one, seconds),
  h2: (ports, one, seconds) => h2load(ports.tls, one, seconds),
  websocket: (ports, one, seconds) => websocket(ports.plain, one, seconds),
};

export const load = (ports, one, seconds) => LOADS[one.load](ports, one, seconds);

/** The same, with the CPU time of the proxy for each request in µs. */
export async function measure(proxy, one, seconds) {
  const before = cpuOf(proxy.pid);
  const result = await load(proxy.ports, one, seconds);
  return { ...result, us: (cpuOf(proxy.pid) - before) / result.requests };
}
