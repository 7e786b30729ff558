// A TLS certificate with its key, and optionally a second pair of another key type. `snis` is a view of the SNIs that
// point to it.
import type { JsonObject } from '../lib/json.ts';
import { defineEntity } from '../schema/define.ts';
import { checkPemCertificate, checkPemPrivateKey, isPair, keyTypeOf } from '../schema/pem.ts';
import { tags, timestampSeconds, uuid, wildcardHost } from '../schema/typedefs.ts';

const certificate = { type: 'string', referenceable: true, custom_validator: checkPemCertificate } as const;
const privateKey = {
  type: 'string',
  referenceable: true,
  encrypted: true,
  custom_validator: checkPemPrivateKey,
} as const;

const textOf = (entity: JsonObject, name: string): string => entity[name] as string;

export const certificates = defineEntity({
  name: 'certificates',
  describes: 'TLS certificate and key pair',
  primary_key: ['id'],
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    cert: { ...certificate, required: true, description: 'The certificate and its chain, in PEM.' },
    key: { ...privateKey, required: true, description: 'Private key of the certificate, in PEM.' },
    cert_alt: { ...certificate, description: 'A second certificate, of another key type.' },
    key_alt: { ...privateKey, description: 'Private key of the second certificate.' },
    tags,
    snis: {
      type: 'array',
      transient: true,
      elements: wildcardHost,
      description: 'Server names that the certificate answers for.',
      children: { entity: 'snis', foreign: 'certificate', key: 'name' },
    },
  },
  entity_checks: [
    { check: 'mutually_required', fields: ['cert_alt', 'key_alt'] },
    {
      check: 'custom_entity_check',
      fields: ['cert', 'key'],
      run: (entity) =>
        isPair(textOf(entity, 'cert'), textOf(entity, 'key')) ? undefined : 'certificate does not match key',
    },
    {
      check: 'custom_entity_check',
      fields: ['cert_alt', 'key_alt'],
      run: (entity) =>
        isPair(textOf(entity, 'cert_alt'), textOf(entity, 'key_alt'))
          ? undefined
          : 'alternative certificate does not match key',
    },
    {
      check: 'custom_entity_check',
      fields: ['cert', 'cert_alt'],
      run: (entity) =>
        keyTypeOf(textOf(entity, 'cert')) === keyTypeOf(textOf(entity, 'cert_alt'))
          ? 'certificate and alternative certificate need to have different type (e.g. RSA and ECDSA), the provided certificates were both of the same type'
          : undefined,
    },
  ],
  deck: { kind: 'certificate', identity: [['cert', 'key']], requires: ['id'], label: { fields: ['id'] } },
});
