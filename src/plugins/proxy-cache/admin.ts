// What the Admin API tells of stored answers, and how they are forgotten.
import type { JsonObject } from '../../lib/json.ts';
import type { PluginAdminReply, PluginAdminRequest, PluginAdminRoute } from '../../pdk/index.ts';
import { type CacheEntry, cacheName, describeEntry, FORGET } from './entry.ts';

const NOT_FOUND: PluginAdminReply = { status: 404, body: { message: 'Not found' } };
const DONE: PluginAdminReply = { status: 204 };

export const routes: readonly PluginAdminRoute[] = [
  {
    path: ['proxy-cache'],
    methods: { DELETE: forgetAll },
    describes: { DELETE: 'Forget all stored answers' },
  },
  {
    path: ['proxy-cache', '{cache_key}'],
    methods: {
      GET: (request) => read(request.instances, request.params[0]!),
      DELETE: (request) => forget(request.instances, request.params[0]!),
    },
    describes: { GET: 'A stored answer', DELETE: 'Forget a stored answer' },
  },
  {
    path: ['proxy-cache', '{plugin_id}', 'caches', '{cache_key}'],
    methods: {
      GET: (request) => read(instanceOf(request), request.params[1]!),
      DELETE: (request) => forget(instanceOf(request), request.params[1]!),
    },
    describes: { GET: 'A stored answer of one instance', DELETE: 'Forget a stored answer of one instance' },
  },
];

type Instances = PluginAdminRequest['instances'];

const instanceOf = ({ instances, params }: PluginAdminRequest): Instances =>
  instances.filter(({ entity }) => entity.id === params[0]);

/** The caches of these instances, each once: several may share a zone. */
function cachesOf(instances: Instances) {
  const zones = new Map(
    instances.map((instance) => {
      const { memory } = instance.entity['config'] as { memory: { dictionary_name: string } };
      return [cacheName(memory.dictionary_name), instance];
    }),
  );
  return [...zones].map(([zone, instance]) => {
    const { environment } = instance.open();
    return {
      cache: environment.openCache<CacheEntry>(zone),
      /** In the other processes of this node, too. */
      forget: (key: string | null) => environment.events.publish(FORGET, { zone, key }),
    };
  });
}

function read(instances: Instances, key: string): PluginAdminReply {
  for (const { cache } of cachesOf(instances)) {
    const entry = cache.get(key);
    if (entry !== undefined) return { status: 200, body: describeEntry(entry) as JsonObject };
  }
  return NOT_FOUND;
}

function forget(instances: Instances, key: string): PluginAdminReply {
  let isKnown = false;
  for (const { cache, forget } of cachesOf(instances)) {
    if (cache.delete(key)) isKnown = true;
    forget(key);
  }
  return isKnown ? DONE : NOT_FOUND;
}

function forgetAll({ instances }: PluginAdminRequest): PluginAdminReply {
  for (const { cache, forget } of cachesOf(instances)) {
    cache.clear();
    forget(null);
  }
  return DONE;
}
