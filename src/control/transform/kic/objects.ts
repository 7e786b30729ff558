// The parts that objects of Kubernetes share: metadata with annotations, KongPlugins, and the list that they are gathered in.
import type { Json, JsonObject } from '../../../lib/json.ts';
import type { GiveName } from '../free-names.ts';
import { type ModelEntity, textField } from '../model.ts';
import { PLUGIN } from './kinds.ts';
import { kubernetesName } from './names.ts';

export interface KicOptions {
  readonly version: 2 | 3;
  readonly className: string;
  readonly api: 'gateway' | 'ingress';
}

export interface Context {
  readonly options: KicOptions;
  readonly objects: JsonObject[];
  /** Plugins by what they belong to or name. */
  readonly pluginsOf: ReadonlyMap<ModelEntity, readonly ModelEntity[]>;
  /** Upstreams by name, in lower case: hosts are compared so. */
  readonly upstreams: ReadonlyMap<string, ModelEntity>;
  readonly giveName: GiveName;
  /** Names of the objects that entities have become. */
  readonly names: Map<ModelEntity, string>;
  /** What could not be converted, for people. */
  readonly notes: string[];
}

/** Objects are written in this order: what is referred to first. */
export const ORDER = [
  'KongIngress',
  'KongPlugin',
  'KongClusterPlugin',
  'KongVault',
  'Ingress',
  'HTTPRoute',
  'KongUpstreamPolicy',
  'Service',
  'Secret',
  'KongConsumer',
  'KongConsumerGroup',
];

export const KONG = 'configuration.konghq.com/v1';
export const KONG_BETA = 'configuration.konghq.com/v1beta1';
export const KONG_ALPHA = 'configuration.konghq.com/v1alpha1';
const DOMAIN = 'konghq.com';

export const classAnnotation = ({ className }: KicOptions): JsonObject => ({
  'kubernetes.io/ingress.class': className,
});

export function metadata(name: string, annotations: JsonObject, labels: JsonObject = {}): JsonObject {
  return {
    name,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}

/** `read_timeout: 5` → `konghq.com/read-timeout: "5"`; annotations are texts. */
export function annotate(entity: ModelEntity, fields: readonly string[]): JsonObject {
  const annotations: JsonObject = {};
  for (const field of fields) {
    const value = entity.fields[field];
    if (value === undefined || value === null) continue;
    annotations[`${DOMAIN}/${field.replaceAll('_', '-')}`] = Array.isArray(value) ? value.join(',') : String(value);
  }
  return annotations;
}

export const annotation = (name: string, value: string): JsonObject => ({ [`${DOMAIN}/${name}`]: value });

export const tagsOf = (entity: ModelEntity): JsonObject => {
  const tags = entity.fields['tags'];
  return Array.isArray(tags) && tags.length > 0 ? annotation('tags', tags.join(',')) : {};
};

export function indexPlugins(entities: readonly ModelEntity[]): Map<ModelEntity, ModelEntity[]> {
  const index = new Map<ModelEntity, ModelEntity[]>();
  for (const plugin of entities) {
    if (plugin.kind !== PLUGIN.reference) continue;
    const owners = new Set([...(plugin.parent === undefined ? [] : [plugin.parent]), ...plugin.links.values()]);
    for (const owner of owners) {
      const plugins = index.get(owner) ?? [];
      plugins.push(plugin);
      index.set(owner, plugins);
    }
  }
  return index;
}

/** A name for an object of a kind that no other one has. */
export const freeName = ({ giveName }: Context, kind: string, text: string): string =>
  giveName(kind, (number) => kubernetesName(number === 1 ? text : `${text}-${number}`));

/** The name of what an entity becomes, the same whoever asks first. */
export function nameOf(context: Context, entity: ModelEntity, kind: string, text: string): string {
  const name = context.names.get(entity) ?? freeName(context, kind, text);
  context.names.set(entity, name);
  return name;
}

/** A KongPlugin for each plugin of an entity, and of others that name it. Answers their names. */
export function addPlugins(context: Context, owner: ModelEntity, ownerName: string): string[] {
  return (context.pluginsOf.get(owner) ?? []).map((plugin) => {
    const known = context.names.get(plugin);
    if (known !== undefined) return known;
    const text = plugin.parent === owner ? `${ownerName}-${textField(plugin, 'name') ?? ''}` : sharedName(plugin);
    const name = nameOf(context, plugin, 'KongPlugin', text);
    context.objects.push(pluginObject(context, plugin, 'KongPlugin', name));
    return name;
  });
}

const sharedName = (plugin: ModelEntity): string =>
  [...plugin.links.values()]
    .map((target) => textField(target, 'name') ?? textField(target, 'username') ?? 'x')
    .concat(textField(plugin, 'name') ?? '')
    .join('-');

export function pluginObject(context: Context, plugin: ModelEntity, kind: string, name: string): JsonObject {
  const { enabled, run_on: runOn, ordering, protocols, config, instance_name: instanceName } = plugin.fields;
  const labels: JsonObject = kind === 'KongClusterPlugin' ? { global: 'true' } : {};
  return {
    apiVersion: KONG,
    kind,
    metadata: metadata(name, { ...classAnnotation(context.options), ...tagsOf(plugin) }, labels),
    plugin: textField(plugin, 'name') ?? '',
    ...(enabled === false ? { disabled: true } : {}),
    ...(isSet(runOn) ? { run_on: runOn } : {}),
    ...(isSet(ordering) ? { ordering } : {}),
    ...(isSet(protocols) ? { protocols } : {}),
    ...(isSet(instanceName) ? { instance_name: instanceName } : {}),
    ...(isSet(config) ? { config } : {}),
  };
}

export const isSet = (value: Json | undefined): value is Json => value !== undefined && value !== null;
