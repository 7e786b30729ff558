// Health of upstreams and targets: what the balancers of this node see, and telling them otherwise by hand.
import type { JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { schemaOf } from '../../schema/schema-set.ts';
import type { Store } from '../../store/store.ts';
import { locate, locateChild } from '../locate.ts';
import { pageReply } from '../page.ts';
import { message, noContent, notFound, ok, type Reply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

const TARGET = ['upstreams', '{upstreams}', 'targets', '{targets}'];

export const healthRoutes: readonly SpecialRoute[] = [
  {
    path: ['upstreams', '{upstreams}', 'health'],
    methods: { GET: health },
    describes: { GET: 'How this node sees the targets of an upstream, or the whole with balancer_health=1' },
  },
  {
    path: ['upstreams', '{upstreams}', 'targets', 'all'],
    methods: { GET: allTargets },
    describes: { GET: 'Every stored target of an upstream' },
  },
  {
    path: [...TARGET, 'healthy'],
    methods: { PUT: (request) => setHealth(request, true) },
    describes: { PUT: 'Take all addresses of a target as healthy' },
  },
  {
    path: [...TARGET, 'unhealthy'],
    methods: { PUT: (request) => setHealth(request, false) },
    describes: { PUT: 'Take all addresses of a target as unhealthy' },
  },
  {
    path: [...TARGET, '{address}', 'healthy'],
    methods: { PUT: (request) => setHealth(request, true) },
    describes: { PUT: 'Take one address of a target as healthy' },
  },
  {
    path: [...TARGET, '{address}', 'unhealthy'],
    methods: { PUT: (request) => setHealth(request, false) },
    describes: { PUT: 'Take one address of a target as unhealthy' },
  },
];

type Found = { ok: true; upstream: Entity } | { ok: false; reply: Reply };

function findUpstream({ store, params }: SpecialRequest): Found {
  const located = locate(store.state, schemaOf(store.state.schemas, 'upstreams'), params[0]!);
  if (!located.ok) return located;
  return located.entity === undefined ? { ok: false, reply: notFound } : { ok: true, upstream: located.entity };
}

function health(request: SpecialRequest): Reply {
  const found = findUpstream(request);
  if (!found.ok) return found.reply;
  const { upstream } = found;
  const { node, store } = request;
  if (request.query.get('balancer_health') === '1') {
    const state = node.health.upstream(upstream.id);
    const verdict = state === undefined ? 'HEALTHCHECKS_OFF' : state.healthy ? 'HEALTHY' : 'UNHEALTHY';
    const data = { health: verdict, balancer_health: verdict, id: upstream.id, details: state?.details ?? {} };
    return ok({ data, next: null, node_id: node.id });
  }
  const seen = node.health.targets(upstream.id);
  const page = pageReply(targetsOf(store, upstream), request.query, `${pathOf(request)}/health`, {
    tags: false,
    order: 'newest',
    show: (target) => {
      const row = seen.get(target.id);
      return { ...target, health: row?.health ?? 'HEALTHCHECKS_OFF', data: row?.data ?? {} };
    },
  });
  return page.status === 200 ? ok({ ...(page.body as JsonObject), node_id: node.id }) : page;
}

const pathOf = ({ params }: SpecialRequest): string => `/upstreams/${encodeURIComponent(params[0]!)}`;
const targetsOf = ({ state }: Store, upstream: Entity): readonly Entity[] =>
  state.children('targets', 'upstream', upstream.id);

function allTargets(request: SpecialRequest): Reply {
  const found = findUpstream(request);
  if (!found.ok) return found.reply;
  const rows = [...targetsOf(request.store, found.upstream)].sort((a, b) => (a.id < b.id ? -1 : 1));
  return pageReply(rows, request.query, `${pathOf(request)}/targets/all`, { tags: false, show: (target) => target });
}

function setHealth(request: SpecialRequest, healthy: boolean): Reply {
  const found = findUpstream(request);
  if (!found.ok) return found.reply;
  const { store, node, params } = request;
  const located = locateChild(
    store.state,
    schemaOf(store.state.schemas, 'targets'),
    'upstream',
    found.upstream,
    params[1]!,
  );
  if (!located.ok) return located.reply;
  if (located.entity === undefined) return notFound;
  const done = node.health.setTarget(found.upstream.id, located.entity.id, params[2], healthy);
  return done ? noContent : message(400, 'No peers available for this target');
}
