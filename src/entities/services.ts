// A service: where requests of its routes go.
import type { Json, JsonObject } from '../lib/json.ts';
import { defineEntity, type EntityCheck } from '../schema/define.ts';
import { host, path, port, protocol, tags, timestampSeconds, utf8Name, uuid, uuidText } from '../schema/typedefs.ts';

const onlyWithTls = (field: string): EntityCheck => ({
  check: 'conditional',
  if_field: 'protocol',
  if_match: { not_one_of: ['https', 'tls'] },
  then_field: field,
  then_match: { eq: null },
});

const timeoutMs = { type: 'integer', default: 60000, between: [1, 2147483646] } as const;

export const services = defineEntity({
  name: 'services',
  describes: 'an upstream API',
  primary_key: ['id'],
  endpoint_key: 'name',
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    name: utf8Name,
    retries: { type: 'integer', default: 5, between: [0, 32767] },
    protocol: { ...protocol, required: true, default: 'http' },
    host: { ...host, required: true },
    port: { ...port, required: true, default: 80 },
    path,
    connect_timeout: timeoutMs,
    write_timeout: timeoutMs,
    read_timeout: timeoutMs,
    tags,
    client_certificate: { type: 'foreign', reference: 'certificates', in_file: { as: 'text' } },
    tls_verify: { type: 'boolean' },
    tls_verify_depth: { type: 'integer', default: null, between: [0, 64] },
    ca_certificates: { type: 'array', elements: uuidText },
    enabled: { type: 'boolean', required: true, default: true },
  },
  shorthand_fields: { url: { type: 'string', expand: expandUrl } },
  entity_checks: [
    {
      check: 'conditional',
      if_field: 'protocol',
      if_match: { one_of: ['tcp', 'tls', 'udp', 'grpc', 'grpcs'] },
      then_field: 'path',
      then_match: { eq: null },
    },
    onlyWithTls('client_certificate'),
    onlyWithTls('tls_verify'),
    onlyWithTls('tls_verify_depth'),
    onlyWithTls('ca_certificates'),
  ],
  deck: { kind: 'service' },
});

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** `url` stands for protocol, host, port and path; what it lacks becomes null. */
function expandUrl(value: Json): JsonObject {
  if (typeof value !== 'string') return {};
  const match =
    /^(?:([A-Za-z0-9][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?)?([^?#]*)/.exec(value);
  const [, scheme, authority, portText, path] = match ?? [];
  const given = portText === undefined ? undefined : Number(portText);
  const protocolName = scheme ?? (given === 443 ? 'https' : 'http');
  return {
    protocol: protocolName,
    host: authority === undefined || authority === '' ? null : authority.replace(/^\[(.*)\]$/, '$1'),
    port: given ?? DEFAULT_PORTS[protocolName] ?? 80,
    path: path === undefined || path === '' ? null : path,
  };
}
