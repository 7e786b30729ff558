// A target: one backend address of an upstream, stored as host:port.
import { defineEntity } from '../schema/define.ts';
import { checkTarget, normalizeTarget } from '../schema/formats.ts';
import { tags, timestampMilliseconds, uuid } from '../schema/typedefs.ts';

export const targets = defineEntity({
  name: 'targets',
  describes: 'one backend address of an upstream',
  primary_key: ['id'],
  endpoint_key: 'target',
  cache_key: ['upstream', 'target'],
  workspaceable: true,
  disabled_endpoints: ['/targets', '/targets/{targets}', '/targets/{targets}/upstream'],
  fields: {
    id: uuid,
    created_at: timestampMilliseconds,
    updated_at: timestampMilliseconds,
    upstream: {
      type: 'foreign',
      reference: 'upstreams',
      required: true,
      on_delete: 'cascade',
      in_file: { nest: true, as: 'object' },
      description: 'Upstream it belongs to.',
    },
    target: {
      type: 'string',
      required: true,
      custom_validator: checkTarget,
      description: 'Address as host:port; the port is 8000 when it is absent.',
    },
    weight: {
      type: 'integer',
      default: 100,
      between: [0, 65535],
      description: 'Share of the requests, in relation to the other targets; 0 gets none.',
    },
    tags,
  },
  normalize(entity) {
    const target = entity['target'];
    if (typeof target !== 'string' || target === '') return undefined;
    const normal = normalizeTarget(target);
    if (normal !== undefined) entity['target'] = normal;
    return undefined;
  },
  put: 'update',
  list_order: 'newest',
  before_write: ({ target }) =>
    typeof target === 'string' && target !== '' && normalizeTarget(target) === undefined
      ? { target: 'Invalid target; not a valid hostname or ip address' }
      : undefined,
  deck: {
    kind: 'target',
    identity: [['upstream', 'target']],
    label: { fields: ['target'], for: ['upstream'] },
    list_under: 'upstream',
    write_under: 'upstream',
  },
});
