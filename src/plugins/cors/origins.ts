// Which Access-Control-Allow-Origin a request gets. The configured origins are compiled once; an expression has to match
// the whole origin (or host), and is tried on short texts only, because the text is the client's.
import { compilePattern } from '../../lib/regex.ts';

export interface Verdict {
  /** The header's value; undefined: there must be none. */
  readonly allow: string | undefined;
  /** Every origin may read the answer. */
  readonly all: boolean;
}

export interface OriginRule {
  /** The verdict depends on the request's origin, or could: caches must know. */
  readonly varies: boolean;
  decide(origin: string | undefined): Verdict;
}

const ANY: Verdict = { allow: '*', all: true };
const NONE: Verdict = { allow: undefined, all: false };
const FLAT = /^[A-Za-z0-9.:/-]+$/;
const MAX_ORIGIN = 256;

/** Throws when an origin is not a valid expression; the schema refuses those before. */
export function compileOrigins(origins: readonly string[]): OriginRule {
  if (origins.length === 0 || (origins.length === 1 && origins[0] === '*')) return { varies: false, decide: () => ANY };
  const [only] = origins;
  if (origins.length === 1 && FLAT.test(only!)) {
    const fixed: Verdict = { allow: only, all: false };
    return { varies: true, decide: () => fixed };
  }
  const allowsAll = origins.includes('*');
  const flat = new Set<string>();
  const patterns: OriginPattern[] = [];
  for (const origin of origins) {
    if (FLAT.test(origin)) flat.add(parseOrigin(origin)?.domain ?? origin);
    else if (origin !== '*') patterns.push(compileEntry(origin));
  }
  return {
    varies: true,
    decide(origin) {
      if (origin === undefined) return NONE;
      if (allowsAll) return ANY;
      const parsed = origin.length > MAX_ORIGIN ? undefined : parseOrigin(origin);
      if (parsed === undefined) return NONE;
      const { domain, host } = parsed;
      const matches = flat.has(domain) || patterns.some(({ regex, onHost }) => regex.test(onHost ? host : domain));
      return matches ? { allow: domain, all: false } : NONE;
    },
  };
}

interface OriginPattern {
  readonly regex: RegExp;
  /** An expression without a colon can only be about the host. */
  readonly onHost: boolean;
}

function compileEntry(entry: string): OriginPattern {
  const [flags = ''] = /^\(\?[a-z]+\)/.exec(entry) ?? [];
  const body = entry.slice(flags.length).replace(/^\^/, '');
  const compiled = compilePattern(`${flags}(?:${body})$`, { anchored: true });
  if (!compiled.ok) throw new Error(`'${entry}' is not a valid regex: ${compiled.reason}`);
  return { regex: compiled.regex, onHost: !body.includes(':') };
}

const ORIGIN = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(\[[0-9A-Fa-f:.]+\]|[^/?#@:[\]\s]+)(?::(\d{1,5}))?\/?$/;
const DEFAULT_PORTS: Readonly<Record<string, string | undefined>> = { http: '80', https: '443' };

/** `scheme://host[:port]` without the scheme's own port; undefined for anything else, such as `null`. */
function parseOrigin(origin: string): { domain: string; host: string } | undefined {
  const [, scheme, host, port] = ORIGIN.exec(origin) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const isDefault = port === undefined || DEFAULT_PORTS[scheme] === port;
  return { domain: isDefault ? `${scheme}://${host}` : `${scheme}://${host}:${port}`, host };
}
