// What the properties about TLS mean to OpenSSL: versions, ciphers, times. The suites are the ones that Mozilla recommends.
import { GwctlError } from '../lib/errors.ts';
import type { Config } from './load.ts';

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface TlsSettings {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers: string;
  readonly preferServerCiphers: boolean;
  readonly sessionTickets: boolean;
  readonly sessionTimeoutSeconds: number;
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

const TLS_1_3 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const GCM = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
];
const INTERMEDIATE = [
  ...GCM,
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
];
const OLD = [
  ...INTERMEDIATE,
  'DHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'DHE-RSA-AES128-SHA256',
  'DHE-RSA-AES256-SHA256',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES256-SHA256',
  'AES128-SHA',
  'AES256-SHA',
  // OpenSSL has no TLS 1.0 and 1.1 above this level.
  '@SECLEVEL=0',
];

interface Suite {
  readonly ciphers: readonly string[];
  readonly versions: readonly [TlsVersion, TlsVersion];
  readonly prefersServer: boolean;
}

const SUITES: Readonly<Record<string, Suite>> = {
  modern: { ciphers: TLS_1_3, versions: ['TLSv1.3', 'TLSv1.3'], prefersServer: false },
  intermediate: { ciphers: [...TLS_1_3, ...INTERMEDIATE], versions: ['TLSv1.2', 'TLSv1.3'], prefersServer: true },
  old: { ciphers: [...TLS_1_3, ...OLD], versions: ['TLSv1', 'TLSv1.3'], prefersServer: true },
  fips: { ciphers: [...TLS_1_3.slice(0, 2), ...GCM], versions: ['TLSv1.2', 'TLSv1.3'], prefersServer: true },
};

/** Throws a GwctlError for values that do not fit. */
export function readTlsSettings(config: Config): TlsSettings {
  const suite = SUITES[config.ssl_cipher_suite];
  const [minVersion, maxVersion] = suite?.versions ?? readVersions(config.ssl_protocols);
  return {
    minVersion,
    maxVersion,
    ciphers: suite === undefined ? customCiphers(config.ssl_ciphers) : suite.ciphers.join(':'),
    preferServerCiphers: (suite?.prefersServer ?? true) && config.ssl_prefer_server_ciphers,
    sessionTickets: config.ssl_session_tickets,
    sessionTimeoutSeconds: readSeconds(config.ssl_session_timeout),
  };
}

/** Without a word about them, the suites of TLS 1.3 are as OpenSSL has them. */
function customCiphers(text: string | null): string {
  if (text === null) {
    throw new GwctlError('E_CONFIG', 'ssl_ciphers: required with ssl_cipher_suite=custom', {
      hint: 'Write ciphers in the words of OpenSSL, such as ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384.',
    });
  }
  return text.includes('TLS_') ? text : [...TLS_1_3, text].join(':');
}

/** The runtime knows a lowest and a highest version, so there can be no gap. */
function readVersions(text: string): [TlsVersion, TlsVersion] {
  const named = text.split(/\s+/).filter((word) => word !== '');
  const indexes = named.map((word) => VERSIONS.indexOf(word as TlsVersion)).sort((a, b) => a - b);
  const first = indexes[0] ?? -1;
  const last = indexes[indexes.length - 1] ?? -1;
  if (first < 0 || last - first !== new Set(indexes).size - 1) {
    throw new GwctlError('E_CONFIG', `ssl_protocols: '${text}' is no row of versions without a gap`, {
      hint: 'Known versions: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, separated by spaces.',
    });
  }
  return [VERSIONS[first]!, VERSIONS[last]!];
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

function readSeconds(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (match === null) {
    throw new GwctlError('E_CONFIG', `ssl_session_timeout: '${text}' is no time`, {
      hint: 'Write seconds, or a number with s, m, h or d, such as 1d.',
    });
  }
  return Number(match[1]) * UNITS[match[2]!]!;
}
