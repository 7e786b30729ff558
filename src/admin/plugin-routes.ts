// The endpoints that plugins add, in the form of all other special ones.
import type { PluginAdminModule, PluginAdminRoute, PluginAdminWork } from '../pdk/index.ts';
import type { Entity } from '../schema/define.ts';
import type { SpecialRoute } from './special.ts';

/** A plugin, as far as its endpoints go. */
export interface PluginWithAdmin {
  readonly name: string;
  readonly admin?: () => Promise<PluginAdminModule>;
}

/** What an instance runs with; the gateway knows. */
export type OpenInstance = (entity: Entity) => PluginAdminWork;

export async function loadPluginRoutes(
  plugins: readonly PluginWithAdmin[],
  openInstance: OpenInstance,
): Promise<readonly SpecialRoute[]> {
  const loaded = plugins.map(async ({ name, admin }) => {
    const module = await admin?.();
    return (module?.routes ?? []).map((route) => adapt(name, route, openInstance));
  });
  return (await Promise.all(loaded)).flat();
}

function adapt(plugin: string, route: PluginAdminRoute, openInstance: OpenInstance): SpecialRoute {
  const methods: Record<string, SpecialRoute['methods'][string]> = {};
  for (const [method, run] of Object.entries(route.methods)) {
    methods[method] = ({ store, params, query, body }) => {
      const entities = store.state.list('plugins').filter(({ name }) => name === plugin);
      const instances = entities.map((entity) => ({ entity, open: () => openInstance(entity) }));
      return run({ params, query, body, instances });
    };
  }
  return { path: route.path, methods, describes: route.describes };
}
