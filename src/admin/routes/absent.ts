// Parts of the Admin API that answer for something that this gateway does not have, or has in another way: caches that
// never go stale, timers, Wasm filters, clusters of control and data planes.
import { message, noContent, notFound, ok, type Reply } from '../reply.ts';
import type { SpecialRoute } from '../special.ts';

const needsWasm = (): Reply => message(400, 'this endpoint is only available when wasm is enabled');
const needsControlPlane = (): Reply =>
  message(400, 'this endpoint is only available when Kong is configured to run as Control Plane for the cluster');

const NO_WASM = 'Wasm filters, which this gateway does not run';
const NO_CLUSTER = 'Data planes of a control plane, which this node is not';

const withoutWasm = (...path: string[]): SpecialRoute => ({
  path,
  methods: { GET: needsWasm, POST: needsWasm, PUT: needsWasm, PATCH: needsWasm, DELETE: needsWasm },
  describes: { GET: NO_WASM, POST: NO_WASM, PUT: NO_WASM, PATCH: NO_WASM, DELETE: NO_WASM },
});

const TIMERS = {
  flamegraph: { running: 'no running timers', pending: 'no pending timers', elapsed_time: '' },
  sys: { total: 0, runs: 0, running: 0, pending: 0, waiting: 0 },
  timers: {},
};

export const absentRoutes: readonly SpecialRoute[] = [
  {
    path: ['cache', '{key}'],
    methods: { GET: () => notFound, DELETE: () => noContent },
    describes: { GET: 'A cached value: entities are never cached here', DELETE: 'Forget a cached value' },
  },
  { path: ['cache'], methods: { DELETE: () => noContent }, describes: { DELETE: 'Forget all cached values' } },
  {
    path: ['timers'],
    methods: { GET: () => ok({ worker: { id: 0, count: 1 }, stats: TIMERS }) },
    describes: { GET: 'Timers of this node' },
  },
  {
    // Finished as it is: Kong answers this, word for word, with the DNS client that is its default (its statistics come with
    // the other one only), and clients know it by status and text.
    path: ['status', 'dns'],
    methods: { GET: () => message(501, 'not implemented with the legacy DNS client') },
    describes: { GET: 'Statistics of name resolution' },
  },
  {
    path: ['robots.txt'],
    methods: {
      GET: () => ({ status: 200, body: 'User-agent: *\nDisallow: /', headers: { 'Content-Type': 'text/plain' } }),
    },
    describes: { GET: 'Nothing here is for crawlers' },
  },
  { path: ['clustering', 'data-planes'], methods: { GET: needsControlPlane }, describes: { GET: NO_CLUSTER } },
  { path: ['clustering', 'status'], methods: { GET: needsControlPlane }, describes: { GET: NO_CLUSTER } },
  withoutWasm('filter-chains'),
  withoutWasm('filter-chains', '{filter_chains}'),
  withoutWasm('filter-chains', '{filter_chains}', 'route'),
  withoutWasm('filter-chains', '{filter_chains}', 'service'),
  withoutWasm('routes', '{routes}', 'filter-chains'),
  withoutWasm('routes', '{routes}', 'filter-chains', '{filter_chains}'),
  withoutWasm('services', '{services}', 'filter-chains'),
  withoutWasm('services', '{services}', 'filter-chains', '{filter_chains}'),
  withoutWasm('routes', '{routes}', 'filters', 'all'),
  withoutWasm('routes', '{routes}', 'filters', 'enabled'),
  withoutWasm('routes', '{routes}', 'filters', 'disabled'),
];
