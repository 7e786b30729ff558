// What the Admin API says of itself: `/`, `/status`, `/endpoints`, `/plugins/enabled`.
import type { JsonObject } from '../../lib/json.ts';
import { KONG_VERSION, VERSION } from '../../lib/version.ts';
import { listEndpoints } from '../endpoint.ts';
import type { NodeInfo } from '../node.ts';
import { message, ok, type Reply } from '../reply.ts';
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
/** Powers of 1024, with the names that go with them; bytes are a number. */
const UNITS = new Map([
  ['b', { power: 0, name: '' }],
  ['k', { power: 1, name: 'KiB' }],
  ['m', { power: 2, name: 'MiB' }],
  ['g', { power: 3, name: 'GiB' }],
]);

async function status({ node, query, store }: SpecialRequest): Promise<Reply> {
  await node.refresh?.();
  const asked = query.get('unit') ?? 'm';
  const unit = UNITS.get(asked.toLowerCase());
  if (unit === undefined) return message(400, `invalid unit '${asked}' (expected 'k/K', 'm/M', or 'g/G')`);
  const scale = Number(query.get('scale') ?? 2);
  if (!(scale >= 0)) return message(400, 'scale must be equal or greater than 0');
  const heap = process.memoryUsage().heapUsed;
  const shown = (heap / 1024 ** unit.power).toFixed(Math.min(scale, MAX_SCALE));
  const size = unit.power === 0 ? heap : `${shown} ${unit.name}`;
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
  // Segment by segment: what is below a path comes before its neighbours.
  const rank = (path: string): string => path.replaceAll('/', '\u0000');
  const paths = [...new Set([...listEndpoints(store.state.schemas), ...special])];
  return ok({ data: paths.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)) });
}
