// An OpenLDAP server of our own, in a temporary directory and on free ports. It asks for TLS (StartTLS) before it takes
// passwords below `ou=secure`, and takes them anyhow below `ou=people`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LdapServer {
  readonly port: number;
  readonly tlsPort: number;
  /** Binds that the server has seen, from its log. */
  binds(): number;
  setPassword(user: string, password: string): void;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

const SLAPD = ['/usr/sbin/slapd', '/usr/libexec/slapd', '/usr/local/libexec/slapd'].find((path) => existsSync(path));
const SCHEMA = '/etc/ldap/schema';
const ROOT = { name: 'cn=root,dc=example,dc=test', password: 'root-password' };

/** Why there is none; undefined when there is one. */
export function missingLdap(): string | undefined {
  if (SLAPD === undefined || !existsSync(`${SCHEMA}/core.schema`)) {
    return 'no OpenLDAP server is installed (Debian: apt-get install slapd ldap-utils)';
  }
  try {
    execFileSync('ldapmodify', ['-VV'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no ldapmodify is installed (Debian: apt-get install ldap-utils)';
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const person = (unit: string, name: string, password: string): string =>
  `dn: cn=${name},ou=${unit},dc=example,dc=test\nobjectClass: person\ncn: ${name.replaceAll('\\', '')}\nsn: x\nuserPassword: ${password}\n`;

const ENTRIES = [
  'dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: example\n',
  'dn: ou=people,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n',
  'dn: ou=secure,dc=example,dc=test\nobjectClass: organizationalUnit\nou: secure\n',
  person('people', 'einstein', 'password'),
  person('people', 'curie', 'pass:word'),
  person('people', 'noether\\, emmy', 'ring'),
  person('secure', 'einstein', 'password'),
];

export async function startLdap(): Promise<LdapServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-ldap-'));
  const fixtures = new URL('../../fixtures/schema/', import.meta.url);
  for (const name of ['cert-ec.pem', 'key-ec.pem']) copyFileSync(new URL(name, fixtures), join(folder, name));
  mkdirSync(join(folder, 'data'));
  const settings = [
    `include ${SCHEMA}/core.schema`,
    `TLSCertificateFile ${folder}/cert-ec.pem`,
    `TLSCertificateKeyFile ${folder}/key-ec.pem`,
    'database ldif',
    'suffix "dc=example,dc=test"',
    `directory ${folder}/data`,
    `rootdn "${ROOT.name}"`,
    `rootpw ${ROOT.password}`,
    'access to dn.subtree="ou=secure,dc=example,dc=test" attrs=userPassword by tls_ssf=64 auth by * none',
    'access to attrs=userPassword by * auth',
  ];
  const config = join(folder, 'slapd.conf');
  writeFileSync(config, `${settings.join('\n')}\n`);
  writeFileSync(join(folder, 'entries.ldif'), ENTRIES.join('\n'));
  execFileSync(SLAPD!, ['-T', 'add', '-f', config, '-l', join(folder, 'entries.ldif')], { stdio: 'pipe' });

  const port = await freePort();
  const tlsPort = await freePort();
  let server: ChildProcess | undefined;
  let log = '';
  const start = async (): Promise<void> => {
    const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`;
    server = spawn(SLAPD!, ['-d', 'stats', '-f', config, '-h', urls], { stdio: ['ignore', 'ignore', 'pipe'] });
    server.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    for (let i = 0; i < 200; i++) {
      if (await accepts(tlsPort)) return;
      if (server.exitCode !== null) break;
      await sleep(25);
    }
    throw new Error(`slapd does not start: ${log}`);
  };
  const stop = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server!.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  };
  await start();
  return {
    port,
    tlsPort,
    binds: () => log.match(/ BIND dn="cn=(?!root)[^"]*" method=128/g)?.length ?? 0,
    setPassword(user, password) {
      const change = `dn: cn=${user},ou=people,dc=example,dc=test\nchangetype: modify\nreplace: userPassword\nuserPassword: ${password}\n`;
      const options = ['-x', '-H', `ldap://127.0.0.1:${port}`, '-D', ROOT.name, '-w', ROOT.password];
      execFileSync('ldapmodify', options, { input: change, stdio: 'pipe' });
    },
    start,
    stop,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
