// The declarative half of the bundled plugins, for whoever serves no requests.
import type { PluginSchema } from '../entities/registry.ts';
import { bundledPlugins } from './index.ts';

export const pluginSchemas: readonly PluginSchema[] = bundledPlugins;
