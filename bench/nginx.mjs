// nginx as the backend and as the peer to be measured against, and the load that both get.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cpuOf, folder, run, start } from './rig.mjs';

export const PROXY_CORE = cpus().length > 1 ? 0 : undefined;
export const LOAD_CORE = cpus().length > 1 ? 1 : undefined;

/** Ends the bench with a sentence when a tool is missing. */
export function needTools() {
  for (const tool of ['nginx', 'wrk', 'taskset']) {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' });
    } catch {
      console.log(`${tool} is not installed: apt-get install nginx-light wrk util-linux`);
      process.exit(0);
    }
  }
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export function startNginx(name, http, core) {
  const root = join(folder, name);
  mkdirSync(root);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${root}/${kind};`,
  );
  const config = `worker_processes 1; daemon off; master_process off; pid ${root}/pid; error_log ${root}/error.log;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_max_body_size 0; ${paths.join(' ')} ${http} }`;
  writeFileSync(join(root, 'nginx.conf'), config);
  return start('nginx', ['-p', root, '-c', join(root, 'nginx.conf'), '-e', `${root}/error.log`], { core });
}

/** Answers 100 bytes to everything; `locations` come first. */
export const startBackend = (port, locations = '') =>
  startNginx(
    'backend',
    `server { listen 127.0.0.1:${port} backlog=1024; default_type text/plain;
    location / { return 200 "${'0123456789'.repeat(10)}"; } ${locations} }`,
    LOAD_CORE,
  );

/** nginx as a proxy with kept-alive connections to the backend. */
export const startPeer = (port, backendPort) =>
  startNginx(
    'peer',
    `upstream backend { server 127.0.0.1:${backendPort}; keepalive 512; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port} backlog=1024; location / { proxy_pass http://backend;
    proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
    PROXY_CORE,
  );

const HEADERS = ['-H', 'User-Agent: bench', '-H', 'Accept: */*', '-H', 'X-Request: abcdef'];

/** Over 64 connections; `wrong` when not every answer was a good one. */
export async function load(port, { path, args }, seconds) {
  const all = ['-t1', '-c64', `-d${seconds}s`, '--latency', ...HEADERS, ...args, `http://127.0.0.1:${port}${path}`];
  const { stdout } = await run('wrk', all, { core: LOAD_CORE });
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)[1]),
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    p99: /99%\s+(\S+)/.exec(stdout)[1],
    wrong: /Non-2xx|Socket errors/.test(stdout),
  };
}

/** The same, with the CPU time of that process for each request in µs. */
export async function measure(pid, port, one, seconds) {
  const before = cpuOf(pid);
  const result = await load(port, one, seconds);
  return { ...result, us: (cpuOf(pid) - before) / result.requests };
}
