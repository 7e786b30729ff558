// The name under which an answer is kept: a digest of everything that may make two answers differ. The parts are joined as
// JSON, so that no text can pass for two.
import { createHash } from 'node:crypto';
import { type ArgumentValue, parseArguments } from '../../lib/form-arguments.ts';
import type { AccessExchange, PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

/** @param body the request's, when it has one */
export type KeyOf = (exchange: AccessExchange, body: Buffer | undefined) => string;

export function keyMaker(config: Config): KeyOf {
  const { vary_headers: headerNames } = config;
  const queryNames = config.vary_query_params ?? [];
  const path = config.ignore_uri_case === true ? (text: string) => text.toLowerCase() : (text: string) => text;

  const argumentsOf = (rawQuery: string): [string, ArgumentValue[]][] => {
    if (rawQuery === '') return [];
    const all = parseArguments(rawQuery)!;
    if (queryNames.length > 0) return queryNames.map((name) => [name, all.get(name) ?? []]);
    // No argument, but the upstream sees it: without it an answer made for it would go to those who asked without.
    const nameless = rawQuery.split('&').filter((part) => part.startsWith('='));
    if (nameless.length > 0) all.set('', nameless);
    return [...all].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  };

  return ({ request, client, route }, body) => {
    const parts = [
      client.consumer?.id ?? null,
      route?.id ?? null,
      request.method,
      request.host.toLowerCase(),
      path(request.rawPath),
      argumentsOf(request.rawQuery),
      (headerNames ?? []).map((name) => request.headerValues(name)),
      body === undefined ? null : createHash('sha256').update(body).digest('hex'),
    ];
    return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  };
}
