// A TLS server name and the certificate that answers for it.
import { defineEntity } from '../schema/define.ts';
import { tags, timestampSeconds, uuid, wildcardHost } from '../schema/typedefs.ts';

export const snis = defineEntity({
  name: 'snis',
  describes: 'TLS server name mapped to a certificate',
  primary_key: ['id'],
  endpoint_key: 'name',
  workspaceable: true,
  disabled_endpoints: ['/snis/{snis}/certificate'],
  fields: {
    id: uuid,
    name: {
      ...wildcardHost,
      required: true,
      unique: true,
      unique_across_ws: true,
      description: 'The server name; one `*` stands for a first or last part.',
    },
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    tags,
    certificate: {
      type: 'foreign',
      reference: 'certificates',
      required: true,
      on_delete: 'cascade',
      in_file: { nest: true, as: 'object' },
      description: 'Certificate that answers for it.',
    },
  },
  deck: { kind: 'sni' },
});
