// What the Admin API says of itself: `/`, `/status`, `/endpoints`, `/tags`, `/plugins/enabled`.
import type { Json, JsonObject } from '../../lib/json.ts';
import { KONG_VERSION, VERSION } from '../../lib/version.ts';
import { checkTag } from '../../schema/formats.ts';
import { listEndpoints } from '../endpoint.ts';
import type { NodeInfo } from '../node.ts';
import { invalidUnique, message, ok, type Reply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';
import { BULK_PATH } from './bulk.ts';

export const informationRoutes: readonly SpecialRoute[] = [
  { path: [], methods: { GET: root }, describes: { GET: 'What this node is, its plugins and its configuration' } },
  { path: ['status'], methods: { GET: status }, describes: { GET: 'Memory, connections and requests of this node' } },
  { path: ['endpoints'], methods: { GET: endpoints }, describes: { GET: 'All paths of the Admin API' } },
  {
    path: ['plugins', 'enabled'],
    methods: { GET: ({ node }) => ok({ enabled_plugins: pluginNames(node) }) },
    describes: { GET: 'Names of the plugins of this node' },
  },
  {
    path: ['tags'],
    methods: { GET: (request) => tagRows(request, undefined) },
    describes: { GET: 'All tags, and the entities that have them' },
  },
  {
    path: ['tags', '{tag}'],
    methods: { GET: (request) => tagRows(request, request.params[0]!) },
    describes: { GET: 'The entities with one tag' },
  },
];

const pluginNames = (node: NodeInfo): string[] => node.plugins.map((plugin) => plugin.name);

function root({ node, store }: SpecialRequest): Reply {
  const available: JsonObject = {};
  for (const { name, version, priority } of node.plugins) available[name] = { version, priority };
  const used = new Set(store.state.list('plugins').map((plugin) => plugin['name'] as string));
  return ok({
    tagline: 'Welcome to kong',
    version: KONG_VERSION,
    edition: 'community',
    hostname: node.hostname,
    node_id: node.id,
    timers: { running: 0, pending: 0 },
    plugins: { available_on_server: available, enabled_in_cluster: [...used].sort() },
    lua_version: 'none',
    configuration:
      node.logLevel === undefined ? node.configuration : { ...node.configuration, log_level: node.logLevel.current() },
    // What goes beyond other gateways: a client that knows it may use it.
    gwctl: { version: VERSION, ...(store.isReadOnly ? {} : { bulk: BULK_PATH }) },
    pids: { master: process.pid, workers: [...(node.workers?.() ?? [process.pid])] },
  });
}

/** More digits than this nobody can print. */
const MAX_SCALE = 100;
const SCALES: Readonly<Record<string, number>> = { b: 0, k: 1, m: 2, g: 3 };

async function status({ node, query, store }: SpecialRequest): Promise<Reply> {
  await node.refresh?.();
  const unit = (query.get('unit') ?? 'm').toLowerCase();
  const power = SCALES[unit];
  if (power === undefined) {
    return message(400, `invalid unit '${query.get('unit')}' (expected 'k/K', 'm/M', or 'g/G')`);
  }
  const scale = Number(query.get('scale') ?? 2);
  if (!(scale >= 0)) return message(400, 'scale must be equal or greater than 0');
  const heap = process.memoryUsage().heapUsed;
  const size =
    power === 0
      ? heap
      : `${(heap / 1024 ** power).toFixed(Math.min(scale, MAX_SCALE))} ${['', 'KiB', 'MiB', 'GiB'][power]}`;
  return ok({
    memory: { lua_shared_dicts: {}, workers_lua_vms: [{ http_allocated_gc: size, pid: process.pid }] },
    server: { ...node.counters() },
    ...(store.kind === 'declarative'
      ? { configuration_hash: store.configurationHash }
      : { database: { reachable: store.isReachable } }),
  });
}

function endpoints({ store, routes }: SpecialRequest): Reply {
  const special = routes.map(({ path }) => `/${path.join('/')}`);
  const data: Json[] = [...new Set([...listEndpoints(store.state.schemas), ...special])].sort();
  return ok({ data });
}

function tagRows({ store }: SpecialRequest, tag: string | undefined): Reply {
  const wrong = tag === undefined ? undefined : checkTag(tag);
  if (wrong !== undefined) return invalidUnique('tag', wrong);
  const data: Json[] = [];
  for (const kind of store.state.schemas.entities.keys()) {
    for (const entity of store.state.list(kind)) {
      const tags = entity['tags'];
      if (!Array.isArray(tags)) continue;
      for (const own of tags) {
        if (tag === undefined || own === tag) data.push({ tag: own, entity_name: kind, entity_id: entity.id });
      }
    }
  }
  return ok({ data, next: null });
}
