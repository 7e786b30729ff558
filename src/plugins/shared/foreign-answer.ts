// Answers of servers that a plugin asked in place of an upstream, made ready for the client: what belongs to that one
// connection stays behind, and the gateway names itself.
import { KONG_VERSION } from '../../lib/version.ts';
import type { OpenAnswer } from '../../pdk/index.ts';

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export type AnswerHeaders = Record<string, string | string[]>;

export function passHeaders(headers: OpenAnswer['headers']): AnswerHeaders {
  const named = [headers['connection'] ?? ''].flat().join(',').toLowerCase().split(',');
  const hidden = new Set(named.map((name) => name.trim()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name) && !hidden.has(name)),
  );
}

export function withVia(headers: AnswerHeaders): AnswerHeaders {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'via') ?? 'Via';
  const earlier = [headers[name] ?? []].flat();
  return { ...headers, [name]: [...earlier, `1.1 kong/${KONG_VERSION}`].join(', ') };
}
