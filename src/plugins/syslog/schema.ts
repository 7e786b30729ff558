// Configuration of syslog.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';
import { customFields } from '../shared/custom-fields.ts';
import { severityDescriptions as is, severity } from '../shared/severity.ts';

const FACILITIES = [
  'auth',
  'authpriv',
  'cron',
  'daemon',
  'ftp',
  'kern',
  'lpr',
  'mail',
  'news',
  'syslog',
  'user',
  'uucp',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        log_level: { ...severity, required: true, description: is.log_level },
        successful_severity: { ...severity, required: true, description: is.successful_severity },
        client_errors_severity: { ...severity, required: true, description: is.client_errors_severity },
        server_errors_severity: { ...severity, required: true, description: is.server_errors_severity },
        custom_fields_by_lua: customFields,
        facility: {
          type: 'string',
          required: true,
          default: 'user',
          one_of: FACILITIES,
          description: 'Syslog facility of the records.',
        },
      },
    },
  },
} as const satisfies Subschema;
