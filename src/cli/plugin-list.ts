// The plugins of this installation and of the user, as rows for a table.
import { loadConfig } from '../config/load.ts';
import type { PluginDefinition } from '../pdk/index.ts';
import { loadPluginDefinitions } from '../plugins/loader.ts';
import { resolvePluginImports } from './plugin-imports.ts';

/** @param list of the flag; the environment's otherwise */
export async function knownPlugins(
  list: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<readonly PluginDefinition[]> {
  const { plugins } = loadConfig({ plugins: list }, environment);
  resolvePluginImports();
  return loadPluginDefinitions(plugins, process.cwd());
}

export interface PluginRow {
  readonly name: string;
  readonly priority: number;
  readonly version: string;
  readonly executed: boolean;
  /** Entities that the plugin brings. */
  readonly entities: readonly string[];
}

/** In the order in which they run. */
export const pluginRows = (plugins: readonly PluginDefinition[]): PluginRow[] =>
  plugins
    .map(({ name, priority, version, handler, entities = [] }) => ({
      name,
      priority,
      version,
      executed: handler !== undefined,
      entities: entities.map((entity) => entity.name),
    }))
    .sort((a, b) => b.priority - a.priority || (a.name < b.name ? 1 : -1));

export function pluginTable(rows: readonly PluginRow[]): string {
  const cells = [
    ['NAME', 'PRIORITY', 'VERSION', 'EXECUTED', 'ENTITIES'],
    ...rows.map(({ name, priority, version, executed, entities }) => [
      name,
      String(priority),
      version,
      executed ? 'yes' : 'no',
      entities.join(', '),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
