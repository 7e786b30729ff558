// The credential of mtls-auth: a name in certificates that stands for a consumer, whoever issued them or one authority only.
import { defineEntity } from '../../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';

export const mtlsAuthCredentials = defineEntity({
  name: 'mtls_auth_credentials',
  describes: 'name in client certificates',
  primary_key: ['id'],
  admin_api_name: 'mtls-auths',
  admin_api_nested_name: 'mtls-auth',
  cache_key: ['subject_name', 'ca_certificate'],
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    subject_name: {
      type: 'string',
      required: true,
      description: 'A subject alternative name or the common name of the certificate.',
    },
    ca_certificate: {
      type: 'foreign',
      reference: 'ca_certificates',
      on_delete: 'cascade',
      in_file: { as: 'object' },
      description: 'CA certificate that must be in the chain; absent for any.',
    },
    tags,
  },
  deck: {
    kind: 'mtls-auth',
    requires: ['id'],
    identity: [['subject_name', 'ca_certificate']],
    label: { fields: ['id'], for: ['consumer'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});
