// The endpoints that plugins add, in the form of all other special ones.
import type { Environment, PluginAdminModule, PluginAdminRoute } from '../pdk/index.ts';
import type { SpecialRoute } from './special.ts';

/** A plugin, as far as its endpoints go. */
export interface PluginWithAdmin {
  readonly name: string;
  readonly admin?: () => Promise<PluginAdminModule>;
}

export async function loadPluginRoutes(
  plugins: readonly PluginWithAdmin[],
  openCache: Environment['openCache'],
): Promise<readonly SpecialRoute[]> {
  const loaded = plugins.map(async ({ name, admin }) => {
    const module = await admin?.();
    return (module?.routes ?? []).map((route) => adapt(name, route, openCache));
  });
  return (await Promise.all(loaded)).flat();
}

function adapt(plugin: string, route: PluginAdminRoute, openCache: Environment['openCache']): SpecialRoute {
  const methods: Record<string, SpecialRoute['methods'][string]> = {};
  for (const [method, run] of Object.entries(route.methods)) {
    methods[method] = ({ store, params, query, body }) => {
      const instances = store.state.list('plugins').filter(({ name }) => name === plugin);
      return run({ params, query, body, instances, openCache });
    };
  }
  return { path: route.path, methods, describes: route.describes };
}
