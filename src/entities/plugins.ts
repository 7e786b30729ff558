// A configured plugin, global or scoped. `config` and the allowed protocols come from the plugin's own schema.
import { defineEntity } from '../schema/define.ts';
import { pluginProtocols, tags, timestampSeconds, utf8Name, uuid } from '../schema/typedefs.ts';

const scope = (reference: string, what: string) =>
  ({
    type: 'foreign',
    reference,
    default: null,
    on_delete: 'cascade',
    in_file: { nest: true, as: 'text' },
    description: `Acts only on requests of this ${what}.`,
  }) as const;

export const plugins = defineEntity({
  name: 'plugins',
  describes: 'a configured plugin, global or scoped',
  primary_key: ['id'],
  endpoint_key: 'instance_name',
  cache_key: ['name', 'route', 'service', 'consumer'],
  subschema_key: 'name',
  subschema_error: "plugin '%s' not enabled; add it to the 'plugins' configuration property",
  workspaceable: true,
  fields: {
    id: uuid,
    name: { type: 'string', required: true, description: 'Which plugin it is.' },
    instance_name: { ...utf8Name, description: 'Name of this instance.' },
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    route: scope('routes', 'route'),
    service: scope('services', 'service'),
    consumer: scope('consumers', 'consumer'),
    config: { type: 'record', abstract: true, fields: {}, description: 'Settings of the plugin.' },
    protocols: pluginProtocols,
    enabled: { type: 'boolean', required: true, default: true, description: 'Act on requests at all.' },
    tags,
  },
  deck: {
    kind: 'plugin',
    identity: [['name', 'service', 'route', 'consumer']],
    label: { fields: ['name'], for: ['service', 'route', 'consumer'], otherwise: '(global)' },
  },
});
