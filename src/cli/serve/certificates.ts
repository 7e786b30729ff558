// The certificates that `serve` itself answers with: named by properties, or self-signed and kept with the data, so that
// who has decided to trust one need not do so at every start.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GwctlError } from '../../lib/errors.ts';
import { createSelfSigned } from '../../lib/x509-self-signed.ts';
import { isPair } from '../../schema/pem.ts';

export interface CertificatePairs {
  readonly cert: readonly string[];
  readonly key: readonly string[];
}

const YEARS = 20;
const DAY_MS = 86_400_000;
const FILE = 'default-certificate.pem';

/** Values are file names or PEM. Undefined when the property names none. */
export function readPairs(
  property: string,
  certificates: readonly string[],
  keys: readonly string[],
): CertificatePairs | undefined {
  if (certificates.length === 0 && keys.length === 0) return undefined;
  if (certificates.length !== keys.length) {
    throw new GwctlError('E_CONFIG', `${property}: as many keys as certificates are needed`, {
      hint: `${property} and ${property}_key list files (or PEM) in the same order, separated by commas.`,
    });
  }
  const cert = certificates.map((value) => readPem(property, value));
  const key = keys.map((value) => readPem(`${property}_key`, value));
  for (const [i, pem] of cert.entries()) {
    if (!isPair(pem, key[i]!)) {
      throw new GwctlError('E_CONFIG', `${property}: certificate ${i + 1} does not match its key`, {
        hint: 'Both must be PEM, the key without a passphrase.',
      });
    }
  }
  return { cert, key };
}

export function readPem(property: string, value: string): string {
  if (value.includes('-----BEGIN ')) return value;
  try {
    return readFileSync(value, 'utf8');
  } catch (error) {
    throw new GwctlError('E_CONFIG', `${property}: cannot read ${value}: ${(error as Error).message}`, {
      cause: error,
      hint: 'Name a readable PEM file, or give the PEM text itself.',
    });
  }
}

/** @param directory where it is kept; without one every start makes a new certificate. */
export function defaultPairs(directory: string | undefined, now: number): CertificatePairs {
  const kept = directory === undefined ? undefined : readKept(join(directory, FILE));
  if (kept !== undefined) return kept;
  const { cert, key } = createSelfSigned({
    commonName: 'localhost',
    names: ['localhost', '127.0.0.1'],
    // A client whose clock is a little behind should not refuse it.
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + YEARS * 365 * DAY_MS),
  });
  if (directory !== undefined) keep(directory, cert + key);
  return { cert: [cert], key: [key] };
}

/** One file with both, so that there never is half of a pair. */
function readKept(path: string): CertificatePairs | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new GwctlError('E_CONFIG', `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  // A damaged file is replaced: nobody has anything else to do with it.
  return isPair(text, text) ? { cert: [text], key: [text] } : undefined;
}

function keep(directory: string, text: string): void {
  const path = join(directory, FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new GwctlError('E_CONFIG', `cannot keep the default certificate: ${(error as Error).message}`, {
      cause: error,
      hint: 'Make the directory writable, or name a certificate with KONG_SSL_CERT and KONG_SSL_CERT_KEY.',
    });
  }
}
