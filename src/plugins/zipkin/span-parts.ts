// What spans of requests and of connections have in common: times, ends, tags of the target, tries to reach it.
import { isIPv6 } from 'node:net';
import type { JsonObject } from '../../lib/json.ts';
import type { UpstreamTry } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { newId } from '../shared/tracing/context.ts';
import type { Tags } from './tags.ts';

export interface SpanSettings {
  readonly localName: string;
  readonly remoteName: string | undefined;
  readonly withCredential: boolean;
  readonly withPath: boolean;
  readonly asTags: boolean;
  readonly staticTags: Tags;
  readonly nodeId: string;
}

/** Where it was sent, or would have been. */
export interface Target {
  readonly route: Entity | undefined;
  readonly service: Entity | undefined;
}

/** Gives every span what all of one trace have. */
export const spanMaker =
  (traceId: string, { localName }: SpanSettings) =>
  (values: JsonObject): JsonObject => ({
    traceId,
    kind: 'CLIENT',
    localEndpoint: { serviceName: localName },
    ...values,
  });

interface TriesParts {
  readonly name: string;
  readonly span: (values: JsonObject) => JsonObject;
  readonly parentId: string;
  readonly target: Target;
  readonly settings: SpanSettings;
  /** Of the last try. */
  readonly end: number;
  /** Tags of a failed one. */
  failure(one: UpstreamTry): Record<string, string>;
}

export function trySpans(tries: readonly UpstreamTry[], parts: TriesParts): JsonObject[] {
  const { name, span, parentId, target, settings, end, failure } = parts;
  const service = remoteName(target, settings);
  return tries.map((one, index) =>
    span({
      name: `${name} (balancer try ${index + 1})`,
      id: newId(8),
      parentId,
      ...times(one.balancer_start, tries[index + 1]?.balancer_start ?? end),
      remoteEndpoint: endpoint(service, one.ip, one.port),
      tags: withoutEmpty({
        'kong.balancer.try': String(index + 1),
        ...(one.state === undefined ? {} : { error: 'true', 'kong.balancer.state': one.state, ...failure(one) }),
        ...targetTags(target),
        'peer.hostname': '',
      }),
      annotations: [],
    }),
  );
}

export const micros = (milliseconds: number): number => Math.round(milliseconds * 1000);

export const times = (start: number, end: number): JsonObject => ({
  timestamp: micros(start),
  // Zero would mean "unknown".
  duration: Math.max(1, micros(end) - micros(start)),
});

export type Phase = readonly [name: string, letters: string, start: number | undefined, end: number | undefined];

export function timing(
  { asTags }: SpanSettings,
  phases: readonly Phase[],
): { tags: Record<string, string>; notes: JsonObject[] } {
  const tags: Record<string, string> = {};
  const notes: JsonObject[] = [];
  for (const [name, letters, start, end] of phases) {
    if (start === undefined || end === undefined) continue;
    if (asTags) tags[`kong.${name}.duration_ms`] = String(Math.max(0, end - start));
    else {
      notes.push({ value: `${letters}s`, timestamp: micros(start) });
      notes.push({ value: `${letters}f`, timestamp: micros(Math.max(start, end)) });
    }
  }
  return { tags, notes };
}

export function targetTags({ route, service }: Target): Record<string, string> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    'kong.service': service?.id ?? '',
    'kong.service_name': text(service?.['name']),
    'kong.route': route?.id ?? '',
    'kong.route_name': text(route?.['name']),
    'peer.hostname': text(service?.['host']),
  };
}

export function remoteName({ service }: Target, settings: SpanSettings): string | undefined {
  const name = service?.['name'];
  return typeof name === 'string' && name !== '' ? name : settings.remoteName;
}

/** The other end of the proxy span, of which only the name is known. */
export const remoteEndpoint = (target: Target, settings: SpanSettings): JsonObject | null => {
  const serviceName = remoteName(target, settings);
  return serviceName === undefined ? null : { serviceName };
};

export const endpoint = (serviceName: string | undefined, ip: string, port: number): JsonObject => ({
  ...(serviceName === undefined ? {} : { serviceName }),
  ...(isIPv6(ip) ? { ipv6: ip } : { ipv4: ip }),
  port,
});

export const withoutEmpty = (tags: Record<string, string>): JsonObject =>
  Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ''));
