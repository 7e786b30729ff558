// Takes up what changes while the gateway runs: state files, and with --watch the code of plugins. One change after the
// other; what is wrong changes nothing, and the gateway keeps serving what it has.
import type { Gateway } from '../../gateway/gateway.ts';
import { GwctlError } from '../../lib/errors.ts';
import type { PluginDefinition } from '../../pdk/index.ts';
import type { WatchedPlugins } from '../../plugins/watched-plugins.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { countEntities } from './banner.ts';
import type { OpenedStore } from './open-store.ts';
import type { createServerLog } from './server-log.ts';
import { type Watch, watchFiles } from './watch.ts';

export interface ReloadingParts {
  readonly opened: OpenedStore;
  readonly gateway: Gateway;
  /** With what the gateway runs now. */
  readonly plugins: readonly PluginDefinition[];
  /** Absent where plugins are not watched. */
  readonly watched: WatchedPlugins | undefined;
  readonly log: ReturnType<typeof createServerLog>;
  /** Into the same place, lines as they are. */
  readonly print: (lines: string) => void;
  schemasOf(plugins: readonly PluginDefinition[]): SchemaSet;
  /** Answers what has to happen together with the change. */
  prepare(plugins: readonly PluginDefinition[]): Promise<() => void>;
  /** Other processes may have to take part in the change. */
  make(change: () => Promise<void>): Promise<void>;
}

export class Reloading {
  readonly #parts: ReloadingParts;
  #plugins: readonly PluginDefinition[];
  #last: Promise<void> = Promise.resolve();
  /** Asked for and not begun: whoever asks meanwhile gets the newest files by it, too. */
  #nextFiles: Promise<void> | undefined = undefined;
  #watches: Watch[] = [];
  #pluginWatch: Watch | undefined = undefined;

  constructor(parts: ReloadingParts) {
    this.#parts = parts;
    this.#plugins = parts.plugins;
  }

  watch(): void {
    this.#watches.push(this.#watchFiles(this.#parts.opened.files, () => void this.files()));
    this.#watchPlugins();
  }

  files(): Promise<void> {
    this.#nextFiles ??= this.#next('the changed files are not used', async () => {
      this.#nextFiles = undefined;
      const { opened, log } = this.#parts;
      const replace = await opened.read();
      await replace();
      log('info', `files loaded again: ${countEntities(opened.store.state)}`);
    });
    return this.#nextFiles;
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#pluginWatch?.close();
  }

  #watchPlugins(): void {
    const { watched } = this.#parts;
    this.#pluginWatch?.close();
    if (watched === undefined) return;
    this.#pluginWatch = this.#watchFiles(watched.files, () => void this.#takePlugins(watched));
  }

  #watchFiles(files: readonly string[], onChange: () => void): Watch {
    const onError = (input: string, { message }: Error): void =>
      this.#parts.log('error', `changes of ${input} go unnoticed: ${message}`);
    return watchFiles(files, { onChange, onError });
  }

  #takePlugins(watched: WatchedPlugins): Promise<void> {
    return this.#next('the changed plugins are not used', async () => {
      try {
        const plugins = await watched.load();
        const changed = plugins.filter((plugin) => !this.#plugins.includes(plugin)).map(({ name }) => name);
        if (changed.length === 0 && plugins.length === this.#plugins.length) return;
        await this.#change(plugins);
        this.#parts.log('info', `plugins loaded again: ${changed.join(', ')}`);
      } finally {
        // It may be made of other files now.
        this.#watchPlugins();
      }
    });
  }

  /** Schemas may have changed with the code, so the files are read again by them. */
  async #change(plugins: readonly PluginDefinition[]): Promise<void> {
    const { opened, gateway, prepare, make, schemasOf } = this.#parts;
    const replace = await opened.read(schemasOf(plugins));
    const switches = [await gateway.preparePlugins(plugins), await prepare(plugins)];
    await make(async () => {
      for (const turn of switches) turn();
      this.#plugins = plugins;
      await replace();
    });
  }

  #next(failure: string, run: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(run).catch((error: unknown) => {
      const details = error instanceof GwctlError ? error.details : '';
      if (details !== '') this.#parts.print(`${details}\n`);
      this.#parts.log('error', `${failure}: ${error instanceof Error ? error.message : String(error)}`);
    });
    return this.#last;
  }
}
