// What both benches share: processes that are stopped whatever happens, their CPU time and memory, and a started gateway.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const GWCTL = join(ROOT, 'bin', 'gwctl.js');

export const folder = mkdtempSync(join(tmpdir(), 'gwctl-bench-'));
// nginx serves files from it as another user.
chmodSync(folder, 0o755);
const children = new Set();

function cleanUp() {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** @param core number of the core to run on; undefined leaves it to the system. */
export function start(command, args, { core, stdio = 'ignore', env = {} } = {}) {
  const pinned = core === undefined ? [command, ...args] : ['taskset', '-c', String(core), command, ...args];
  const child = spawn(pinned[0], pinned.slice(1), { stdio, env: { ...process.env, ...env } });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

/** Runs to the end; answers output, exit code, milliseconds and peak memory in MB. */
export async function run(command, args, options = {}) {
  const startedAt = performance.now();
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, memoryOf(child.pid))), 10);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  return { code, stdout, stderr, ms: performance.now() - startedAt, peakMb: peak };
}

/** Peak resident memory in MB, 0 when the process is gone. */
export function memoryOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return 0;
  }
}

/** CPU time of a process with its children so far, in µs. */
export function cpuOf(pid) {
  let total = 0;
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      for (const task of readdirSync(`/proc/${one}/task`)) {
        total += Number(readFileSync(`/proc/${one}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1000;
      }
    } catch {
      // A thread that ended between the listing and the reading.
    }
  }
  return total;
}

const childrenOf = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

/** `gwctl serve`, once its banner is out. */
export async function serve(file, { core, adminPort = 0, proxyListen = '127.0.0.1:0', env = {} } = {}) {
  const startedAt = performance.now();
  const args = [GWCTL, 'serve', ...(file === undefined ? [] : [file]), '--proxy-listen', proxyListen];
  args.push('--admin-listen', `127.0.0.1:${adminPort}`, '--status-listen', 'off', '--proxy-access-log', 'off');
  const child = start(process.execPath, args, { core, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('kept ')) break;
  }
  const readyMs = performance.now() - startedAt;
  return {
    child,
    readyMs,
    proxyPort: Number(/proxy\s+\S+:(\d+)/.exec(text)[1]),
    admin: /Admin API\s+(\S+)/.exec(text)[1],
    stop: () =>
      new Promise((resolve) => {
        child.on('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export function printTable(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => String(cell).padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
}
