// Configuration of ip-restriction.
import type { Subschema } from '../../schema/define.ts';
import { ipOrCidr, pluginProtocols } from '../../schema/typedefs.ts';

const addresses = { type: 'array', elements: ipOrCidr } as const;

export const schema = {
  fields: {
    protocols: { ...pluginProtocols, default: ['http', 'https', 'tcp', 'tls', 'grpc', 'grpcs'] },
    config: {
      type: 'record',
      required: true,
      fields: {
        allow: { ...addresses, description: 'Addresses and ranges that may pass; all others may not.' },
        deny: { ...addresses, description: 'Addresses and ranges that may not pass.' },
        status: { type: 'number', description: 'Status of a refusal; 403 when it is absent.' },
        message: { type: 'string', description: 'Message of a refusal.' },
      },
    },
  },
  entity_checks: [{ check: 'at_least_one_of', fields: ['config.allow', 'config.deny'] }],
} as const satisfies Subschema;
