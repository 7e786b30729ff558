// A gateway that runs on this machine: found by the pid file of its prefix, or asked for its process at its Admin API. Signals
// reach processes of this machine only, so an Admin API elsewhere is no way to one.
import { hostname } from 'node:os';
import { GwctlError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import { isAlive, pidPath, readPidFile } from './serve/pid-file.ts';

/** @param ask reads the root of the Admin API. */
export async function findRunning(prefix: string | undefined, ask: () => Promise<JsonObject>): Promise<number> {
  if (prefix !== undefined) {
    const pid = readPidFile(prefix);
    if (pid !== undefined && isAlive(pid)) return pid;
    throw new GwctlError('E_USAGE', `no gateway runs with the prefix ${prefix}`, {
      hint: `${pidPath(prefix)} is written by \`gwctl serve --prefix ${prefix}\`.`,
    });
  }
  const root = await ask();
  const pid = (root['pids'] as { master?: unknown } | undefined)?.master;
  if (root['gwctl'] === undefined || typeof pid !== 'number' || root['hostname'] !== hostname() || !isAlive(pid)) {
    throw new GwctlError('E_USAGE', 'this Admin API does not belong to a gwctl that runs on this machine', {
      hint: 'Name the directory that it was started with: --prefix DIR (KONG_PREFIX).',
    });
  }
  return pid;
}

/** Says in one sentence why it may not. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    throw new GwctlError('E_USAGE', `cannot signal process ${pid}: ${(error as Error).message}`, { cause: error });
  }
}

/** Resolves with whether it ended in time. */
export async function untilEnded(pid: number, ms: number): Promise<boolean> {
  const until = Date.now() + ms;
  while (isAlive(pid)) {
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}

const LOOK_MS = 50;
