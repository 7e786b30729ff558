// A state file as objects for the Kong Ingress Controller. What has no counterpart there is named in the notes.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { type ModelEntity, textField } from '../model.ts';
import { addCaCertificate, addCertificate, addConsumer, addConsumerGroup } from './consumers.ts';
import {
  CA_CERTIFICATE,
  CERTIFICATE,
  CONSUMER,
  CONSUMER_GROUP,
  CREDENTIALS,
  PLUGIN,
  ROUTE,
  SERVICE,
  SNI,
  TARGET,
  UPSTREAM,
} from './kinds.ts';
import { addObject, type Context, indexPlugins, type KicOptions, ORDER, pluginObject } from './objects.ts';
import { addRoute } from './routes.ts';
import { addService } from './services.ts';

export interface KicResult {
  readonly objects: readonly JsonObject[];
  readonly notes: readonly string[];
}

type Adder = (context: Context, entity: ModelEntity) => void;

const ADDERS: ReadonlyMap<string, Adder> = new Map<string, Adder>([
  [SERVICE.reference, addService],
  [ROUTE.reference, addRoute],
  [PLUGIN.reference, addGlobalPlugin],
  [CONSUMER.reference, addConsumer],
  [CONSUMER_GROUP.reference, addConsumerGroup],
  [CERTIFICATE.reference, addCertificate],
  [CA_CERTIFICATE.reference, addCaCertificate],
]);
/** Written as parts of others, or known to Kubernetes itself. */
const PARTS: ReadonlySet<string> = new Set([
  UPSTREAM.reference,
  TARGET.reference,
  SNI.reference,
  ...CREDENTIALS.keys(),
]);

export function convertToKic(entities: readonly ModelEntity[], options: KicOptions): KicResult {
  const context: Context = {
    options,
    entities,
    objects: [],
    pluginsOf: indexPlugins(entities),
    used: new Set(),
    notes: [],
  };
  const left = new Map<string, number>();
  for (const entity of entities) {
    const add = ADDERS.get(entity.kind);
    if (add !== undefined) add(context, entity);
    else if (!PARTS.has(entity.kind)) left.set(entity.kind, (left.get(entity.kind) ?? 0) + 1);
  }
  for (const [kind, count] of left)
    context.notes.push(`${kind} are left out (${count}): the controller has no object for them`);
  const rank = (object: JsonObject): number => ORDER.indexOf(String(object['kind']));
  const objects = [...context.objects].sort((a, b) => rank(a) - rank(b));
  return { objects: objects.map(sortKeys), notes: context.notes };
}

/** Plugins of something are added with what they belong to. */
function addGlobalPlugin(context: Context, plugin: ModelEntity): void {
  if (plugin.parent !== undefined || plugin.links.size > 0) return;
  addObject(context, pluginObject(context, plugin, 'KongClusterPlugin', textField(plugin, 'name') ?? ''));
}

function sortKeys<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map(sortKeys) as T;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys((value as JsonObject)[key] as Json)]),
  ) as T;
}
