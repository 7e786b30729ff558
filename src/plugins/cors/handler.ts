// cors at work: answers preflights before anybody asks for credentials, and decorates every other response, whoever made
// it – an error without these headers would be unreadable to the script that caused it.

import { utf8ToBytes } from '../../lib/byte-text.ts';
import {
  type AccessExchange,
  type Environment,
  exit,
  type HeaderExchange,
  type Phases,
  type PluginConfig,
  slot,
} from '../../pdk/index.ts';
import { compileOrigins, type OriginRule } from './origins.ts';
import { METHODS, type schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;
type Headers = Record<string, string>;

/** Set on a preflight: its answer is complete, or the upstream's own. */
const PREFLIGHT = slot<true>('cors: the request is a preflight');

export function create(config: Config, _environment: Environment): Phases {
  const rule = compileOrigins(config.origins ?? []);
  return {
    access: preflightAnswer(config, rule),
    header_filter: decoration(config, rule),
  };
}

function preflightAnswer(config: Config, rule: OriginRule): NonNullable<Phases['access']> {
  const { credentials, private_network, preflight_continue } = config;
  const methods = joined(config.methods) ?? METHODS.join(',');
  const allowedHeaders = joined(config.headers);
  const maxAge = config.max_age === null ? undefined : String(config.max_age);

  return ({ request, shared }: AccessExchange) => {
    if (request.method !== 'OPTIONS') return undefined;
    const origin = request.header('origin') ?? '';
    if (origin === '' || request.header('access-control-request-method') === undefined) return undefined;
    shared.set(PREFLIGHT, true);
    if (preflight_continue) return undefined;

    const verdict = rule.decide(origin);
    const headers: Headers = {};
    let allow = verdict.allow;
    if (rule.varies) headers['Vary'] = 'Origin';
    if (credentials) {
      headers['Access-Control-Allow-Credentials'] = 'true';
      if (verdict.all) {
        headers['Vary'] = 'Origin';
        allow = origin;
      }
    }
    if (allow !== undefined) headers['Access-Control-Allow-Origin'] = allow;
    const asked = allowedHeaders ?? request.header('access-control-request-headers');
    if (asked !== undefined) headers['Access-Control-Allow-Headers'] = asked;
    headers['Access-Control-Allow-Methods'] = methods;
    if (maxAge !== undefined) headers['Access-Control-Max-Age'] = maxAge;
    if (private_network && request.header('access-control-request-private-network') === 'true') {
      headers['Access-Control-Allow-Private-Network'] = 'true';
    }
    return exit(200, undefined, headers);
  };
}

function decoration(config: Config, rule: OriginRule): NonNullable<Phases['header_filter']> {
  const { credentials, allow_origin_absent } = config;
  const exposed = joined(config.exposed_headers);

  return ({ request, response, shared }: HeaderExchange) => {
    if (request.method === 'OPTIONS' && shared.get(PREFLIGHT) === true) return;
    const sent = request.header('origin');
    const origin = sent === '' ? undefined : sent;
    if (origin === undefined && !allow_origin_absent) return;

    const { allow, all } = rule.decide(origin);
    if (rule.varies) varyByOrigin(response);
    if (credentials && all && origin !== undefined) {
      varyByOrigin(response);
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Allow-Credentials', 'true');
    } else {
      if (allow === undefined) response.removeHeader('Access-Control-Allow-Origin');
      else response.setHeader('Access-Control-Allow-Origin', allow);
      if (credentials && !all) response.setHeader('Access-Control-Allow-Credentials', 'true');
    }
    if (exposed !== undefined) response.setHeader('Access-Control-Expose-Headers', exposed);
  };
}

/** Adds to what the upstream's answer varies by already. */
function varyByOrigin(response: HeaderExchange['response']): void {
  for (const line of response.headerValues('vary')) {
    for (const name of line.split(',')) {
      const known = name.trim().toLowerCase();
      if (known === 'origin' || known === '*') return;
    }
  }
  response.addHeader('Vary', 'Origin');
}

const joined = (texts: readonly string[] | null): string | undefined =>
  texts === null || texts.length === 0 ? undefined : utf8ToBytes(texts.join(','));
