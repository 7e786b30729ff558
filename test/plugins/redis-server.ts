// A Redis server of our own, on a free port and without files, that can be paused, stopped and started again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RedisServer {
  readonly port: number;
  /** One command, as `redis-cli` takes it; its answer as text. */
  command(...words: string[]): string;
  /** Stops answering without closing connections, and goes on. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Why there is none; undefined when there is one. */
export function redisMissing(): string | undefined {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no Redis is installed (Debian: apt-get install redis-server)';
  }
}

export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const command = (...words: string[]): string =>
    execFileSync('redis-cli', ['-p', String(port), '--no-auth-warning', ...words], {
      encoding: 'utf8',
      timeout: 5000,
    }).trim();
  const start = async (): Promise<void> => {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    child = spawn('redis-server', [...flags, ...options], { stdio: 'ignore' });
    for (let i = 0; i < 200; i++) {
      if (answers(command)) return;
      await sleep(25);
    }
    throw new Error('redis-server does not answer');
  };
  await start();
  return {
    port,
    command,
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async stop() {
      const running = child;
      child = undefined;
      if (running === undefined) return;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGCONT');
      running.kill('SIGKILL');
      await ended;
    },
  };
}

/** A server that asks for a password answers, too. */
function answers(command: RedisServer['command']): boolean {
  try {
    return /PONG|NOAUTH/.test(command('ping'));
  } catch {
    return false;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
