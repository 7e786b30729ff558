// The list of entities, and the one place where core schemas and what plugins bring are put together.
import type { EntityCheck, EntitySchema, Subschema } from '../schema/define.ts';
import { createSchemaSet, type SchemaSet } from '../schema/schema-set.ts';
import { caCertificates } from './ca-certificates.ts';
import { certificates } from './certificates.ts';
import { clusteringDataPlanes } from './clustering-data-planes.ts';
import { consumerGroupConsumers, consumerGroups } from './consumer-groups.ts';
import { consumers } from './consumers.ts';
import { filterChains } from './filter-chains.ts';
import { keySets } from './key-sets.ts';
import { keys } from './keys.ts';
import { parameters } from './parameters.ts';
import { partials } from './partials.ts';
import { plugins } from './plugins.ts';
import { expressionRoutes, routes, traditionalRoutes } from './routes.ts';
import { services } from './services.ts';
import { snis } from './snis.ts';
import { tagPairs } from './tags.ts';
import { targets } from './targets.ts';
import { upstreams } from './upstreams.ts';
import { vaults } from './vaults.ts';
import { workspaces } from './workspaces.ts';

const coreEntities: readonly EntitySchema[] = [
  caCertificates,
  certificates,
  clusteringDataPlanes,
  consumerGroupConsumers,
  consumerGroups,
  consumers,
  filterChains,
  keySets,
  keys,
  parameters,
  partials,
  plugins,
  routes,
  services,
  snis,
  tagPairs,
  targets,
  upstreams,
  vaults,
  workspaces,
];

/** The declarative half of a plugin: all that validation, diff and the Admin API need to know of it. */
export interface PluginSchema {
  readonly name: string;
  readonly schema: Subschema;
  /** In its place where there is no database. */
  readonly schema_without_database?: Subschema;
  /** For those that run it. */
  readonly serving_checks?: readonly EntityCheck[];
  readonly entities?: readonly EntitySchema[];
}

/** What a route may be depends on the router. */
const routesOf = {
  traditional_compatible: routes,
  traditional: traditionalRoutes,
  expressions: expressionRoutes,
} as const;

export type RouterFlavor = keyof typeof routesOf;

export const ROUTER_FLAVORS = Object.keys(routesOf) as readonly RouterFlavor[];

/** @param word of a gateway that may know others. */
export const isRouterFlavor = (word: unknown): word is RouterFlavor => ROUTER_FLAVORS.includes(word as RouterFlavor);

/** Who runs plugins asks more of them than who reads their files. */
export type SchemaUse = 'files' | 'serving' | 'serving without a database';

export function createSchemas(
  pluginSchemas: readonly PluginSchema[],
  { use = 'files', ...options }: { readonly routerFlavor?: RouterFlavor; readonly use?: SchemaUse } = {},
): SchemaSet {
  const routesHere = routesOf[options.routerFlavor ?? 'traditional_compatible'];
  const core = coreEntities.map((schema) => (schema === routes ? routesHere : schema));
  const owned = pluginSchemas.flatMap((plugin) => plugin.entities ?? []);
  const subschemaOf = (plugin: PluginSchema): Subschema => {
    if (use === 'files') return plugin.schema;
    const schema = (use === 'serving' ? undefined : plugin.schema_without_database) ?? plugin.schema;
    const { serving_checks: checks = [] } = plugin;
    return checks.length === 0 ? schema : { ...schema, entity_checks: [...(schema.entity_checks ?? []), ...checks] };
  };
  const subschemas = Object.fromEntries(pluginSchemas.map((plugin) => [plugin.name, subschemaOf(plugin)]));
  return createSchemaSet([...core, ...owned], { plugins: subschemas });
}
