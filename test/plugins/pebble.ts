// Pebble, the authority that ACME clients are tested with, where it is installed. What it wants to be certain of is left on:
// it refuses a part of all nonces, and looks at everything in a request.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { BINDING } from './acme-authority.ts';

export interface PebbleOptions {
  /** Where it asks for challenges. */
  readonly httpPort: number;
  /** Its name server. */
  readonly dns: string;
  readonly needsBinding?: boolean;
}

export interface Pebble {
  /** Answers once the server runs: the gateway has to be there first. */
  readonly directory: string;
  start(options: PebbleOptions): Promise<void>;
}

/** Why there is none; undefined when there is one. */
export function pebbleMissing(): string | undefined {
  try {
    execFileSync('pebble', ['-h'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no Pebble is installed (Debian: apt-get install pebble)';
  }
}

export async function preparePebble(t: TestContext): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), 'pebble-'));
  const certificate = join(folder, 'cert.pem');
  const privateKey = join(folder, 'key.pem');
  const words = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`;
  execFileSync('openssl', [...words.split(' '), '-keyout', privateKey, '-out', certificate], { stdio: 'pipe' });
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
  const port = await freePort();
  let child: ChildProcess | undefined;
  let output = '';
  // Its directory has another path than those that end as the plugin wants it.
  const front = createHttp(async (_request, response) => {
    const directory = await fetch(`https://localhost:${port}/dir`).then((answer) => answer.text());
    response.end(directory);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  t.after(async () => {
    front.closeAllConnections();
    front.close();
    if (child !== undefined) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true });
  });
  return {
    directory: `http://127.0.0.1:${(front.address() as AddressInfo).port}/directory`,
    async start({ httpPort, dns, needsBinding = false }) {
      const pebble = {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${await freePort()}`,
        certificate,
        privateKey,
        httpPort,
        tlsPort: 1,
        ocspResponderURL: '',
        externalAccountBindingRequired: needsBinding,
        externalAccountMACKeys: { [BINDING.kid]: BINDING.secret },
      };
      const file = join(folder, 'config.json');
      writeFileSync(file, JSON.stringify({ pebble }));
      const env = { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '10' };
      child = spawn('pebble', ['-strict', '-config', file, '-dnsserver', dns], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += String(chunk)));
      for (let i = 0; i < 200; i++) {
        const isUp = await fetch(`https://localhost:${port}/dir`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (isUp) return;
        await sleep(25);
      }
      throw new Error(`Pebble does not answer: ${output}`);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
