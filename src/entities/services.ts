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
    name: { ...utf8Name, description: 'Name of the service.' },
    retries: {
      type: 'integer',
      default: 5,
      between: [0, 32767],
      description: 'Times a request is sent again when sending it fails.',
    },
    protocol: { ...protocol, required: true, default: 'http', description: 'Protocol spoken with the upstream.' },
    host: { ...host, required: true, description: 'Host name or address, or the name of an upstream.' },
    port: { ...port, required: true, default: 80, description: 'Port of the upstream.' },
    path: { ...path, description: 'Path that goes before that of each request.' },
    connect_timeout: { ...timeoutMs, description: 'Milliseconds to wait for a connection.' },
    write_timeout: { ...timeoutMs, description: 'Milliseconds to wait between two writes.' },
    read_timeout: { ...timeoutMs, description: 'Milliseconds to wait between two reads.' },
    tags,
    client_certificate: {
      type: 'foreign',
      reference: 'certificates',
      in_file: { as: 'text' },
      description: 'Certificate to show to the upstream.',
    },
    tls_verify: {
      type: 'boolean',
      description: 'Verify the certificate of the upstream; absent leaves it to the gateway.',
    },
    tls_verify_depth: {
      type: 'integer',
      default: null,
      between: [0, 64],
      description: 'Longest chain of certificates that is accepted.',
    },
    ca_certificates: {
      type: 'array',
      unordered: true,
      elements: uuidText,
      description: 'Trusted CA certificates of the upstream, by id.',
    },
    tls_sans: {
      type: 'record',
      fields: {
        dnsnames: { type: 'array', elements: host, description: 'Host names.' },
        uris: { type: 'array', elements: { type: 'string', len_min: 1 }, description: 'URIs, compared as they are.' },
      },
      description: 'Names that a verified upstream may have in its certificate, beside the one it is called by.',
    },
    enabled: { type: 'boolean', required: true, default: true, description: 'Serve its routes.' },
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
    onlyWithTls('tls_sans'),
  ],
  deck: {
    kind: 'service',
    requires_one_of: ['name', 'id'],
    accepts: { url: (url) => (typeof url === 'string' ? url.trim().replaceAll(' ', '%20') : url) },
  },
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
