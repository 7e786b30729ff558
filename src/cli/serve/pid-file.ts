// The file by which other commands find a running gateway: `gwctl.pid` in the directory that `prefix` names.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GwctlError } from '../../lib/errors.ts';

export interface PidFile {
  /** Unless another process has taken it over. */
  remove(): void;
}

export const pidPath = (prefix: string): string => join(prefix, 'gwctl.pid');

/** Throws while the process that wrote it is alive. */
export function refuseSecond(prefix: string): void {
  const other = readPidFile(prefix);
  if (other !== undefined && other !== process.pid && isAlive(other)) {
    throw new GwctlError('E_USAGE', `process ${other} runs with the prefix ${prefix}`, {
      hint: 'Stop it with `gwctl quit --prefix`, or choose another prefix.',
    });
  }
}

export function writePidFile(prefix: string): PidFile {
  refuseSecond(prefix);
  const path = pidPath(prefix);
  try {
    mkdirSync(prefix, { recursive: true });
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    throw new GwctlError('E_CONFIG', `prefix: cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
  return {
    remove() {
      if (readPidFile(prefix) === process.pid) rmSync(path, { force: true });
    },
  };
}

export function readPidFile(prefix: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidPath(prefix), 'utf8').trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    // Whoever asks says what it means that there is none.
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else is alive, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
