// A route as an HTTPRoute of the Gateway API, one rule for each path and method, or as an Ingress, one rule for each host.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { type ModelEntity, textField } from '../model.ts';
import { HTTP_ROUTE_ANNOTATIONS, INGRESS_ANNOTATIONS, SERVICE } from './kinds.ts';
import { addPlugins, annotate, annotation, type Context, freeName, metadata } from './objects.ts';
import { portOf, serviceObjectName } from './services.ts';

export function addRoute(context: Context, route: ModelEntity): void {
  const service = route.parent;
  const [name, serviceName] = [
    textField(route, 'name'),
    service === undefined ? undefined : textField(service, 'name'),
  ];
  if (service?.kind !== SERVICE.reference || serviceName === undefined || name === undefined) {
    context.notes.push(`route ${name ?? '(without a name)'} is left out: it needs a name, and a service with a name`);
    return;
  }
  const protocols = listOf(route.fields['protocols']);
  if (protocols.length > 0 && !protocols.some((protocol) => protocol === 'http' || protocol === 'https')) {
    context.notes.push(`route ${name} is left out: only routes for http and https can be converted`);
    return;
  }
  const full = `${serviceName}-${name}`;
  const plugins = addPlugins(context, route, full);
  const object = context.options.api === 'gateway' ? httpRoute : ingress;
  const routeName = freeName(context, context.options.api === 'gateway' ? 'HTTPRoute' : 'Ingress', full);
  context.objects.push(
    object(context, route, routeName, serviceObjectName(context, service), portOf(service), plugins),
  );
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

function httpRoute(
  context: Context,
  route: ModelEntity,
  name: string,
  service: string,
  port: Json,
  plugins: readonly string[],
): JsonObject {
  const hostnames = listOf(route.fields['hosts']);
  const filters = plugins.map((plugin) => ({
    type: 'ExtensionRef',
    extensionRef: { group: 'configuration.konghq.com', kind: 'KongPlugin', name: plugin },
  }));
  const rules = matchesOf(route).map((match) => ({
    backendRefs: [{ name: service, port }],
    ...(filters.length === 0 ? {} : { filters }),
    ...(Object.keys(match).length === 0 ? {} : { matches: [match] }),
  }));
  return {
    apiVersion: context.options.version === 3 ? 'gateway.networking.k8s.io/v1' : 'gateway.networking.k8s.io/v1beta1',
    kind: 'HTTPRoute',
    metadata: metadata(name, annotate(route, HTTP_ROUTE_ANNOTATIONS)),
    spec: {
      parentRefs: [{ name: context.options.className }],
      ...(hostnames.length === 0 ? {} : { hostnames }),
      rules,
    },
  };
}

function matchesOf(route: ModelEntity): JsonObject[] {
  const headers = headerMatches(route.fields['headers']);
  const [paths, methods] = [listOf(route.fields['paths']), listOf(route.fields['methods'])];
  const orNone = (list: Json[]): (Json | undefined)[] => (list.length === 0 ? [undefined] : list);
  return orNone(paths).flatMap((path) =>
    orNone(methods).map((method) => ({
      ...(typeof path === 'string' ? { path: pathMatch(path) } : {}),
      ...(headers.length === 0 ? {} : { headers }),
      ...(method === undefined ? {} : { method }),
    })),
  );
}

const pathMatch = (path: string): JsonObject =>
  path.startsWith('~') ? { type: 'RegularExpression', value: path.slice(1) } : { type: 'PathPrefix', value: path };

/** `~*` begins a regular expression, as in Kong. */
function headerMatches(headers: Json | undefined): JsonObject[] {
  if (!isObject(headers ?? null)) return [];
  return Object.entries(headers as JsonObject)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, values]) => {
      const list = listOf(values).map(String);
      const regex = list.length === 1 && list[0]!.startsWith('~*') ? list[0]!.slice(2) : undefined;
      return { name, type: regex === undefined ? 'Exact' : 'RegularExpression', value: regex ?? list.join(',') };
    });
}

function ingress(
  context: Context,
  route: ModelEntity,
  name: string,
  service: string,
  port: Json,
  plugins: readonly string[],
): JsonObject {
  const headers = isObject(route.fields['headers'] ?? null) ? (route.fields['headers'] as JsonObject) : {};
  const annotations: JsonObject = annotate(route, INGRESS_ANNOTATIONS);
  for (const [header, values] of Object.entries(headers)) {
    Object.assign(annotations, annotation(`headers.${header}`, listOf(values).join(',')));
  }
  if (plugins.length > 0) Object.assign(annotations, annotation('plugins', plugins.join(',')));
  const written = listOf(route.fields['paths']).map(String);
  const paths = (written.length === 0 ? ['/'] : written).map((path) => ({
    backend: { service: { name: service, port: { number: port } } },
    // The controller takes `/~` for the beginning of a regular expression.
    path: path.startsWith('~') ? `/${path}` : path,
    pathType: 'ImplementationSpecific',
  }));
  const hosts = listOf(route.fields['hosts']);
  const rules = hosts.length === 0 ? [{ http: { paths } }] : hosts.map((host) => ({ host, http: { paths } }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(name, annotations),
    spec: { ingressClassName: context.options.className, rules },
  };
}
