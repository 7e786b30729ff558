// A PostgreSQL server of our own, in a temporary directory and on a free port, that can be stopped and started again. Any
// number of databases fit into it. PostgreSQL refuses to run as root; then it runs as the user `postgres`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresAddress } from '../../src/store/postgres/address.ts';

const PASSWORD = 'p@ss/w:rd';

export interface PostgresServer {
  readonly port: number;
  /** A new, empty database. */
  createDatabase(): Promise<PostgresAddress>;
  /** From now on clients may encrypt; those that do not are served too. */
  offerTls(certificate: string, key: string): Promise<void>;
  start(): Promise<void>;
  /** At once, as if it had crashed. */
  stop(): Promise<void>;
  /** Keeps all its processes from running, as a network that swallows everything would; and lets them go on. */
  freeze(): void;
  thaw(): void;
  remove(): Promise<void>;
}

/** The newest PostgreSQL of this machine, or why there is none. */
export function findPostgres(): { readonly binaries: string } | { readonly missing: string } {
  const found = globSync('/usr/{lib/postgresql/*,local/pgsql,pgsql-*,local}/bin/initdb').sort(
    (a, b) => Number(/\d+/.exec(a)?.[0] ?? 0) - Number(/\d+/.exec(b)?.[0] ?? 0),
  );
  const initdb = found.at(-1);
  if (initdb === undefined) return { missing: 'no PostgreSQL is installed (Debian: apt-get install postgresql)' };
  if (process.getuid?.() === 0 && userIds() === undefined) return { missing: 'there is no user postgres to run it as' };
  return { binaries: initdb.slice(0, -'/initdb'.length) };
}

function userIds(): { uid: number; gid: number } | undefined {
  try {
    const id = (option: string): number =>
      Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param settings further `-c` settings, such as `fsync=on`. */
export async function startPostgres(
  binaries: string,
  settings: readonly string[] = ['fsync=off'],
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-pg-'));
  const owner = process.getuid?.() === 0 ? userIds() : undefined;
  const identity = owner ?? {};
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  if (owner !== undefined) for (const path of [folder, data, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const options = ['-U', 'gwctl', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-sync'];
  execFileSync(join(binaries, 'initdb'), ['-D', data, ...options, '--locale=C'], {
    ...identity,
    cwd: folder,
    stdio: 'pipe',
  });

  const port = await freePort();
  const address = (database: string): PostgresAddress => ({
    host: '127.0.0.1',
    port,
    user: 'gwctl',
    password: PASSWORD,
    database,
    schema: undefined,
    tls: 'off',
    timeoutMs: 2000,
  });
  let child: ChildProcess | undefined;
  let databases = 0;

  const administer = async (statement: string): Promise<void> => {
    const { user, password } = address('');
    const client = new pg.Client({ host: '127.0.0.1', port, user, password: password!, database: 'postgres' });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const server: PostgresServer = {
    port,
    async createDatabase() {
      const name = `gwctl_${databases++}`;
      await administer(`CREATE DATABASE ${name}`);
      return address(name);
    },
    async offerTls(certificate, key) {
      for (const [name, text] of Object.entries({ 'server.crt': certificate, 'server.key': key })) {
        const file = join(data, name);
        writeFileSync(file, text, { mode: 0o600 });
        if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
      }
      await administer('ALTER SYSTEM SET ssl = on');
      await administer('SELECT pg_reload_conf()');
    },
    async start() {
      const flags = [`listen_addresses=127.0.0.1`, `unix_socket_directories=${folder}`, `port=${port}`, ...settings];
      const command = [join(binaries, 'postgres'), '-D', data, ...flags.flatMap((flag) => ['-c', flag])];
      // The shell ends the server when the pipe from this process closes, however this process ends.
      child = spawn('sh', ['-c', '"$@" & cat; kill -QUIT $!; wait', 'sh', ...command], {
        ...identity,
        cwd: folder,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      for (let i = 0; i < 200; i++) {
        const isUp = await administer('SELECT 1').then(
          () => true,
          () => false,
        );
        if (isUp) return;
        await delay(50);
      }
      throw new Error('PostgreSQL did not start');
    },
    async stop() {
      const running = child;
      child = undefined;
      if (running === undefined) return;
      const ended = new Promise((resolve) => running.on('exit', resolve));
      running.stdin?.end();
      await ended;
    },
    freeze: () => signalAll(data, 'STOP'),
    thaw: () => signalAll(data, 'CONT'),
    async remove() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** The server has a process for each connection. */
function signalAll(data: string, signal: 'STOP' | 'CONT'): void {
  const parent = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]!;
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', parent], { encoding: 'utf8' });
  const pids = [parent, ...children.split('\n')].map((line) => line.trim()).filter((line) => line !== '');
  for (const pid of pids) process.kill(Number(pid), `SIG${signal}`);
}
