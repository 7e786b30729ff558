// A gateway in a process of its own, run from its source, for tests of processes and signals.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('./run-source.mjs', import.meta.url));

export interface Serving {
  readonly child: ChildProcess;
  readonly proxy: string;
  readonly admin: string;
  readonly status: string;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

export async function until(isReached: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await isReached()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never happened: ${what}`);
}

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** @param through a command that runs another one, in other circumstances. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
) {
  const [program, ...rest] = [...through, process.execPath, RUN, command, ...args];
  const child = spawn(program!, rest, { env: { ...process.env, ...env } });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output, ended };
}

/** On free ports of loopback. */
export async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): Promise<Serving> {
  const free = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--status-listen', '127.0.0.1:0'];
  const started = run('serve', [...free, ...args], env, through);
  await until(() => started.output.stdout.includes('kept ') || started.child.exitCode !== null, 'the banner');
  assert.equal(started.child.exitCode, null, started.output.stderr);
  const { stdout } = started.output;
  const [proxy, admin, status] = ['proxy', 'Admin API', 'Status API'].map(
    (name) => new RegExp(`${name}\\s+(\\S+)`).exec(stdout)![1]!,
  );
  return { ...started, proxy: proxy!, admin: admin!, status: status! };
}

export async function startUpstream(answer: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

export const statusOf = async (url: string): Promise<number> => {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
};
