// A trusted CA certificate.
import type { JsonObject } from '../lib/json.ts';
import { defineEntity, type Entity, type EntityReader } from '../schema/define.ts';
import { certificateDigest, checkPemCertificate, countPemBlocks, parseCertificate } from '../schema/pem.ts';
import { tags, timestampSeconds, uuid } from '../schema/typedefs.ts';

export const caCertificates = defineEntity({
  name: 'ca_certificates',
  describes: 'trusted CA certificate',
  primary_key: ['id'],
  workspaceable: false,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    cert: {
      type: 'string',
      required: true,
      custom_validator: checkPemCertificate,
      description: 'The certificate, in PEM.',
    },
    cert_digest: {
      type: 'string',
      unique: true,
      computed: true,
      description: 'SHA-256 of the certificate, in hex; made by the gateway.',
    },
    tags,
  },
  entity_checks: [{ check: 'custom_entity_check', fields: ['cert'], run: checkAuthority }],
  compute: (entity) => ({ cert_digest: certificateDigest(entity['cert'] as string) }),
  remove_check: findUser,
  deck: { kind: 'ca-certificate', identity: [['cert']], label: { fields: ['id'] }, absent_on: [404] },
});

function checkAuthority(entity: JsonObject): string | undefined {
  const pem = entity['cert'] as string;
  if (countPemBlocks(pem) > 1) return 'please submit only one certificate at a time';
  const certificate = parseCertificate(pem);
  if (!certificate.ok) return undefined;
  if (Date.parse(certificate.value.validTo) < Date.now()) {
    return 'certificate expired, "Not After" time is in the past';
  }
  return certificate.value.ca
    ? undefined
    : 'certificate does not appear to be a CA because it is missing the "CA" basic constraint';
}

const USERS = ['services', 'plugins'] as const;

/** Services name the authorities that they trust, plugins do so in their configuration. */
function findUser({ id }: Entity, read: EntityReader): string | undefined {
  for (const kind of USERS) {
    for (const user of read.list(kind)) {
      const config = user['config'] as JsonObject | null | undefined;
      const trusted = user['ca_certificates'] ?? config?.['ca_certificates'];
      if (Array.isArray(trusted) && trusted.includes(id)) {
        return `ca certificate ${id} is still referenced by ${kind} (id = ${user.id})`;
      }
    }
  }
  return undefined;
}
