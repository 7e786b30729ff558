// A state file as objects for the Kong Ingress Controller. What has no counterpart there is named in the notes.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { createFreeNames } from '../free-names.ts';
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
  VAULT,
} from './kinds.ts';
import { type Context, indexPlugins, type KicOptions, nameOf, ORDER, pluginObject } from './objects.ts';
import { addRoute } from './routes.ts';
import { addService, indexUpstreams } from './services.ts';
import { addVault } from './vaults.ts';

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
  [VAULT.reference, addVault],
]);
/** Those that version 2 of the controller has no object for. */
const SINCE_3: ReadonlySet<string> = new Set([VAULT.reference]);
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
    objects: [],
    pluginsOf: indexPlugins(entities),
    upstreams: indexUpstreams(entities),
    giveName: createFreeNames(),
    names: new Map(),
    notes: [],
  };
  const left = new Map<string, number>();
  for (const entity of entities) {
    const add = options.version === 2 && SINCE_3.has(entity.kind) ? undefined : ADDERS.get(entity.kind);
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
  const name = nameOf(context, plugin, 'KongClusterPlugin', textField(plugin, 'name') ?? '');
  context.objects.push(pluginObject(context, plugin, 'KongClusterPlugin', name));
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
