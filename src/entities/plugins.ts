// A configured plugin, global or scoped. `config` and the allowed protocols come from the plugin's own schema.
import { defineEntity, type Entity, type EntityReader, type ErrorTree } from '../schema/define.ts';
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
  cache_key_extra: ['consumer_group'],
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
    consumer_group: scope('consumer_groups', 'group of consumers'),
    config: { type: 'record', abstract: true, fields: {}, description: 'Settings of the plugin.' },
    protocols: pluginProtocols,
    enabled: { type: 'boolean', required: true, default: true, description: 'Act on requests at all.' },
    tags,
    partials: {
      type: 'array',
      elements: {
        type: 'record',
        fields: {
          id: { type: 'string', uuid: true, description: 'Id of the partial.' },
          name: { type: 'string', computed: true, description: 'Its name; in a file instead of the id.' },
          path: {
            type: 'string',
            description: 'What it stands for, as `config.redis`; found when there is one place only.',
          },
        },
      },
      description: 'Settings that it shares with other plugins: each takes the place of a part of `config`.',
    },
  },
  fields_elsewhere: {
    ordering: 'only Kong Enterprise has it; here plugins run by their priority',
    condition: 'only Kong Enterprise has it; set the plugin on the routes that it is for',
    run_on: 'Kong has it no more since version 2',
  },
  overlay: {
    field: 'partials',
    entity: 'partials',
    value: 'config',
    kind: 'type',
    flat: { section: 'plugins_partials', owner: 'plugin', other: 'partial' },
  },
  patch: 'read_first',
  relation_check: checkProtocols,
  deck: {
    kind: 'plugin',
    identity: [['name', 'service', 'route', 'consumer', 'consumer_group']],
    label: { fields: ['name'], for: ['service', 'route', 'consumer', 'consumer_group'], otherwise: '(global)' },
  },
});

/** A scoped instance must speak a protocol of its route, or of some route of its service. */
function checkProtocols(entity: Entity, read: EntityReader): ErrorTree | undefined {
  const own = entity['protocols'] as readonly string[];
  const idOf = (field: string): string | undefined => (entity[field] as { id: string } | null)?.id;
  const isServedBy = (route: Entity): boolean =>
    ((route['protocols'] ?? []) as readonly string[]).some((protocol) => own.includes(protocol));
  const routeId = idOf('route');
  const serviceId = idOf('service');
  if (routeId !== undefined) {
    const route = read.get('routes', routeId);
    const isWrong = route !== undefined && !isServedBy(route);
    return isWrong ? { protocols: "must match the associated route's protocols" } : undefined;
  }
  if (serviceId === undefined) return undefined;
  const routes = read.children('routes', 'service', serviceId);
  if (routes.length === 0 || routes.some(isServedBy)) return undefined;
  return { protocols: "must match the protocols of at least one route pointing to this Plugin's service" };
}
