// A service as a Service of Kubernetes, and the upstream that its host names as a policy for it. Which pods are behind it, no
// state file knows: the selector is a proposal.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { type ModelEntity, textField } from '../model.ts';
import { NOT_IN_KONG_INGRESS, POLICY_WORDS, SERVICE_ANNOTATIONS, UPSTREAM } from './kinds.ts';
import {
  addPlugins,
  annotate,
  annotation,
  type Context,
  classAnnotation,
  freeName,
  KONG,
  KONG_BETA,
  metadata,
  nameOf,
  tagsOf,
} from './objects.ts';

/** Kong's own default. */
const PORT = 80;

export const portOf = (service: ModelEntity): Json => service.fields['port'] ?? PORT;

export const serviceObjectName = (context: Context, service: ModelEntity): string =>
  nameOf(context, service, 'Service', textField(service, 'name') ?? '');

export function indexUpstreams(entities: readonly ModelEntity[]): Map<string, ModelEntity> {
  const index = new Map<string, ModelEntity>();
  for (const entity of entities) {
    const name = entity.kind === UPSTREAM.reference ? textField(entity, 'name')?.toLowerCase() : undefined;
    if (name !== undefined && !index.has(name)) index.set(name, entity);
  }
  return index;
}

export function addService(context: Context, service: ModelEntity): void {
  const name = textField(service, 'name');
  if (name === undefined) {
    context.notes.push('a service without a name is left out');
    return;
  }
  const annotations = annotate(service, SERVICE_ANNOTATIONS);
  const policy = addUpstream(context, service);
  if (policy !== undefined) Object.assign(annotations, policy);
  const plugins = addPlugins(context, service, name);
  if (plugins.length > 0) Object.assign(annotations, annotation('plugins', plugins.join(',')));
  const port = portOf(service);
  const objectName = serviceObjectName(context, service);
  context.objects.push({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(objectName, annotations),
    spec: {
      ports: [{ port, protocol: service.fields['protocol'] === 'udp' ? 'UDP' : 'TCP', targetPort: port }],
      selector: { app: objectName },
    },
  });
}

/** @returns annotations for the service. */
function addUpstream(context: Context, service: ModelEntity): JsonObject | undefined {
  const upstream = context.upstreams.get(textField(service, 'host')?.toLowerCase() ?? '');
  if (upstream === undefined) return undefined;
  const text = `${serviceObjectName(context, service)}-upstream`;
  if (context.options.version === 3) {
    const name = freeName(context, 'KongUpstreamPolicy', text);
    context.objects.push({
      apiVersion: KONG_BETA,
      kind: 'KongUpstreamPolicy',
      metadata: metadata(name, tagsOf(upstream)),
      spec: policyOf(upstream.fields),
    });
    return { ...annotation('upstream-policy', name), ...annotate(upstream, ['host_header']) };
  }
  const fields = Object.fromEntries(
    Object.entries(upstream.fields).filter(([key, value]) => !NOT_IN_KONG_INGRESS.includes(key) && value !== null),
  );
  const annotations = { ...classAnnotation(context.options), ...tagsOf(upstream) };
  const name = freeName(context, 'KongIngress', text);
  context.objects.push({
    apiVersion: KONG,
    kind: 'KongIngress',
    metadata: metadata(name, annotations),
    upstream: fields,
  });
  return annotation('override', name);
}

const CONSISTENT = 'consistent-hashing';
const STICKY = 'sticky-sessions';

function policyOf(upstream: JsonObject): JsonObject {
  const { algorithm, slots, healthchecks } = upstream;
  const isHashing = algorithm === CONSISTENT;
  return {
    ...(isThere(algorithm) ? { algorithm } : {}),
    ...(isThere(slots) ? { slots } : {}),
    ...(isHashing && isThere(upstream['hash_on']) ? { hashOn: hashOf(upstream, 'hash_on') } : {}),
    ...(isHashing && isThere(upstream['hash_fallback']) ? { hashOnFallback: hashOf(upstream, 'hash_fallback') } : {}),
    ...(algorithm === STICKY ? stickySessionsOf(upstream) : {}),
    ...(isThere(healthchecks) ? { healthchecks: inCamelCase(healthchecks) } : {}),
  };
}

function hashOf(upstream: JsonObject, prefix: string): JsonObject {
  const hash: JsonObject = { input: upstream[prefix]! };
  for (const [part, to] of Object.entries({
    header: 'header',
    cookie: 'cookie',
    cookie_path: 'cookiePath',
    query_arg: 'queryArg',
    uri_capture: 'uriCapture',
  })) {
    const value = upstream[`${prefix}_${part}`];
    if (isThere(value)) hash[to] = value;
  }
  return hash;
}

/** The controller wants it said that nothing is hashed. */
const stickySessionsOf = (upstream: JsonObject): JsonObject => {
  const { sticky_sessions_cookie: cookie, sticky_sessions_cookie_path: path } = upstream;
  return {
    hashOn: { input: 'none' },
    ...(isThere(cookie) ? { stickySessions: { cookie, ...(isThere(path) ? { cookiePath: path } : {}) } } : {}),
  };
};

const isThere = (value: Json | undefined): value is Json => value !== undefined && value !== null;

/** Names of headers stay as they are. */
function inCamelCase(value: Json): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(
    entries.map(([key, item]) => [
      POLICY_WORDS[key] ?? key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      key === 'headers' ? item : inCamelCase(item),
    ]),
  );
}
