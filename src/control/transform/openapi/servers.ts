// `servers` become a service: with one server its address, with several, or with x-kong-upstream-defaults, an upstream that
// has them as its targets. Only the first server decides the protocol, the port and the path.
import { cloneJson, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';
import type { Names } from './names.ts';
import type { Spec } from './spec.ts';

export interface ServiceInput {
  readonly name: string;
  readonly servers: Json | undefined;
  readonly path: Path;
  readonly serviceDefaults: JsonObject | undefined;
  readonly upstreamDefaults: JsonObject | undefined;
  readonly tags: readonly string[];
}

export interface MadeService {
  readonly service: JsonObject;
  readonly routes: JsonObject[];
  readonly upstream: JsonObject | undefined;
}

interface Address {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };

export function makeService(spec: Spec, names: Names, input: ServiceInput): MadeService {
  const { name, serviceDefaults, upstreamDefaults, tags } = input;
  const routes: JsonObject[] = [];
  const service: JsonObject = serviceDefaults === undefined ? {} : cloneJson(serviceDefaults);
  const protocol = typeof service['protocol'] === 'string' ? service['protocol'] : undefined;
  const addresses = readServers(spec, input.servers, input.path, protocol ?? 'https');
  const [first] = addresses;
  Object.assign(service, names.id(`${name}.service`), { name, tags: [...tags], plugins: [], routes });
  service['protocol'] ??= first!.protocol;
  service['path'] ??= first!.path;
  service['port'] ??= first!.port;
  if (service['host'] !== undefined && service['host'] !== null) return { service, routes, upstream: undefined };
  if (addresses.length === 1 && upstreamDefaults === undefined) {
    service['host'] = first!.host;
    return { service, routes, upstream: undefined };
  }
  const upstream = makeUpstream(names, input, addresses);
  service['host'] = upstream['name']!;
  return { service, routes, upstream };
}

function makeUpstream(names: Names, input: ServiceInput, addresses: readonly Address[]): JsonObject {
  const upstream: JsonObject = input.upstreamDefaults === undefined ? {} : cloneJson(input.upstreamDefaults);
  const name = `${input.name}.upstream`;
  const { targets: given } = upstream;
  const targets: JsonObject[] = Array.isArray(given)
    ? given.filter(isObject)
    : addresses.map(({ host, port }) => ({ target: `${host.includes(':') ? `[${host}]` : host}:${port}` }));
  for (const target of targets) target['tags'] = [...input.tags];
  return Object.assign(upstream, names.id(name), { name, tags: [...input.tags], targets });
}

function readServers(spec: Spec, servers: Json | undefined, path: Path, fallback: string): Address[] {
  const list = Array.isArray(servers) ? servers : [];
  const addresses = list
    .map((server, i) => readServer(spec, server, [...path, i], fallback))
    .filter((address) => address !== undefined);
  // Without servers an API is where its document is, which nobody can know here.
  return addresses.length > 0 ? addresses : [addressOf({ scheme: undefined, host: '', port: '', path: '/' }, fallback)];
}

function readServer(spec: Spec, server: Json, path: Path, fallback: string): Address | undefined {
  const url = isObject(server) ? server['url'] : undefined;
  if (!isObject(server) || typeof url !== 'string') {
    spec.report(path, "a server must have a 'url'");
    return undefined;
  }
  const filled = url.replaceAll(/\{([^}]+)\}/g, (whole, name: string) => {
    const variable = isObject(server['variables']) ? server['variables'][name] : undefined;
    return isObject(variable) && variable['default'] !== undefined ? String(variable['default']) : whole;
  });
  const match =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?)?(\/[^?#]*)?/.exec(filled);
  const [whole = '', scheme, host = '', port = '', rest = '/'] = match ?? [];
  if (whole === '' || /[{}]/.test(filled)) {
    const hint = 'A URL is absolute, or starts with /; its variables have defaults.';
    spec.report([...path, 'url'], `'${filled}' is no address of a server`, hint);
    return undefined;
  }
  return addressOf({ scheme, host, port, path: rest }, fallback);
}

function addressOf(
  given: { scheme: string | undefined; host: string; port: string; path: string },
  fallback: string,
): Address {
  const byPort = given.port === '80' ? 'http' : given.port === '443' ? 'https' : fallback;
  const protocol = given.scheme?.toLowerCase() ?? byPort;
  const host = given.host === '' ? 'localhost' : given.host.replace(/^\[(.*)\]$/, '$1');
  return { protocol, host, port: given.port === '' ? (PORTS[protocol] ?? 443) : Number(given.port), path: given.path };
}
