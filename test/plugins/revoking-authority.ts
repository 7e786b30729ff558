// A certificate authority that takes certificates back: OpenSSL issues, revokes, writes lists and answers questions; a server hands them
// out, or whatever a test wants in their place.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Lines of an extension file; `OCSP` and `LIST` stand for the two addresses. */
  readonly extensions?: readonly string[];
  /** Another certificate of this authority that issues it; the authority itself by default. */
  readonly by?: string;
}

export interface RevokingAuthority {
  /** PEM. */
  readonly root: string;
  readonly port: number;
  /** `METHOD target` of whoever asked. */
  readonly asked: string[];
  issue(name: string, options?: IssueOptions): Issued;
  revoke(name: string): void;
  /** Forgets that it ever issued the certificate. */
  forget(name: string): void;
  /** A list, with more words for OpenSSL (`-crlexts` names a section above); signed by an issued certificate when one is named. */
  list(words?: readonly string[], by?: string): Buffer;
  /** An answer to a question, signed by the authority or by an issued certificate. */
  answer(question: Buffer, by?: string): Buffer;
  /** In place of what it would answer. */
  instead: ((request: IncomingMessage, response: ServerResponse, body: Buffer) => void) | undefined;
  close(): Promise<void>;
}

export const OCSP = 'authorityInfoAccess=OCSP;URI:OCSP';
export const LIST = 'crlDistributionPoints=URI:LIST';

const CONFIGURATION = `
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
certificate = root.pem
private_key = root.key
serial = serial
crlnumber = crlnumber
default_md = sha256
policy = any
default_days = 30
default_crl_days = 1
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[own_list]
issuingDistributionPoint = critical,@own_point
[own_point]
fullname = URI:LIST
[other_list]
issuingDistributionPoint = critical,@other_point
[other_point]
fullname = URI:http://127.0.0.1:1/list
[clients_list]
issuingDistributionPoint = critical,@clients
[clients]
onlyuser = TRUE
[authorities_list]
issuingDistributionPoint = critical,@authorities
[authorities]
onlyCA = TRUE
[some_reasons_list]
issuingDistributionPoint = critical,@some_reasons
[some_reasons]
onlysomereasons = keyCompromise
[odd_list]
1.2.3.4 = critical,ASN1:NULL
`;

export async function startRevokingAuthority(name = 'Revoking Root'): Promise<RevokingAuthority> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    authority.asked.push(`${request.method} ${request.url}`);
    if (authority.instead !== undefined) authority.instead(request, response, body);
    else response.end(request.url === '/ocsp' ? authority.answer(body) : authority.list());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const withAddresses = (line: string): string =>
    line.replace(/OCSP$/, `http://127.0.0.1:${port}/ocsp`).replace(/LIST$/m, `http://127.0.0.1:${port}/list`);
  const folder = mkdtempSync(join(tmpdir(), 'revoking-'));
  const path = (file: string): string => join(folder, file);
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const files = { 'index.txt': '', serial: '1000\n', crlnumber: '01\n', 'ca.cnf': withAddresses(CONFIGURATION) };
  for (const [file, text] of Object.entries(files)) writeFileSync(path(file), text);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-config', 'ca.cnf'];
  openssl(
    ...['req', '-x509', ...newKey, '-keyout', 'root.key', '-out', 'root.pem', '-subj', `/CN=${name}`, '-days', '30'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
  const signer = (by = 'root'): string[] => ['-cert', `${by}.pem`, '-keyfile', `${by}.key`];

  const authority: RevokingAuthority = {
    root: readFileSync(path('root.pem'), 'utf8'),
    port,
    asked: [],
    instead: undefined,
    issue(subject, { extensions = [], by } = {}) {
      writeFileSync(path(`${subject}.ext`), `${extensions.map(withAddresses).join('\n')}\n`);
      openssl('req', ...newKey, '-keyout', `${subject}.key`, '-out', `${subject}.csr`, '-subj', `/CN=${subject}`);
      const files = ['-in', `${subject}.csr`, '-out', `${subject}.pem`, '-notext', '-extfile', `${subject}.ext`];
      openssl('ca', '-batch', '-config', 'ca.cnf', ...signer(by), ...files);
      const chain = [subject, ...(by === undefined ? [] : [by])];
      const cert = chain.map((one) => readFileSync(path(`${one}.pem`), 'utf8')).join('');
      return { cert, key: readFileSync(path(`${subject}.key`), 'utf8') };
    },
    revoke: (subject) => openssl('ca', '-batch', '-config', 'ca.cnf', '-revoke', `${subject}.pem`),
    forget(subject) {
      const known = readFileSync(path('index.txt'), 'utf8').split('\n');
      writeFileSync(path('index.txt'), known.filter((line) => !line.endsWith(`/CN=${subject}`)).join('\n'));
    },
    list(words = [], by) {
      openssl('ca', '-config', 'ca.cnf', ...signer(by), '-gencrl', '-out', 'list.pem', ...words);
      openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.der');
      return readFileSync(path('list.der'));
    },
    answer(question, by = 'root') {
      writeFileSync(path('question.der'), question);
      const files = ['-index', 'index.txt', '-CA', 'root.pem', '-reqin', 'question.der', '-respout', 'answer.der'];
      openssl('ocsp', ...files, '-rsigner', `${by}.pem`, '-rkey', `${by}.key`, '-ndays', '1');
      return readFileSync(path('answer.der'));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return authority;
}
