// The plugins of a gateway that takes up changes of their code. A plugin whose files have changed is imported anew, all of
// them together: when one cannot be, everything stays as it was.
import { GwctlError } from '../lib/errors.ts';
import type { PluginDefinition } from '../pdk/index.ts';
import { faultPlace, unparsablePlace } from './fault-place.ts';
import { digestOf, FreshModules } from './fresh-modules.ts';
import { cannotBeLoaded, findPlugins, importDefinition, oneOfEachName } from './loader.ts';

/** One entry of the list that is not bundled. */
interface Loaded {
  readonly definition: PluginDefinition;
  /** With their digests. */
  readonly files: ReadonlyMap<string, string>;
}

export class WatchedPlugins {
  readonly #modules = new FreshModules();
  readonly #entries: readonly string[];
  readonly #directory: string;
  #loaded = new Map<string, Loaded>();
  /** Of the last load that failed. */
  #failed: ReadonlyMap<string, string>[] = [];

  /** @param entries and @param directory as for `loadPluginDefinitions` */
  constructor(entries: readonly string[], directory: string) {
    this.#entries = entries;
    this.#directory = directory;
  }

  /** All definitions; the same objects as before for plugins whose files are as they were. */
  async load(): Promise<readonly PluginDefinition[]> {
    const next = new Map<string, Loaded>();
    const definitions: PluginDefinition[] = [];
    this.#failed = [];
    for (const entry of this.#entries) {
      const found = findPlugins(entry, this.#directory);
      if (typeof found === 'string') {
        const known = this.#loaded.get(entry);
        const one = known !== undefined && isAsBefore(known) ? known : await this.#import(found, entry);
        next.set(entry, one);
        definitions.push(one.definition);
      } else definitions.push(...found);
    }
    this.#loaded = next;
    return oneOfEachName(definitions);
  }

  /** What a change of may change a plugin. */
  get files(): readonly string[] {
    const maps = [...[...this.#loaded.values()].map(({ files }) => files), ...this.#failed];
    return [...new Set(maps.flatMap((files) => [...files.keys()]))];
  }

  close(): void {
    this.#modules.close();
  }

  async #import(file: string, entry: string): Promise<Loaded> {
    const { url, files } = this.#modules.begin(file);
    try {
      const definition = await importDefinition(url, entry);
      // What is imported later would not be of one piece with it.
      const [handler] = await Promise.all([definition.handler?.(), definition.admin?.()]);
      if (handler !== undefined && typeof handler.create !== 'function') {
        throw new GwctlError('E_CONFIG', `plugins: ${entry}: the handler exports no function 'create'`);
      }
      return { definition, files };
    } catch (error) {
      this.#failed.push(files);
      throw await explain(error, entry, files.keys());
    }
  }
}

/** With the file and the line. */
async function explain(error: unknown, entry: string, files: Iterable<string>): Promise<unknown> {
  const cause = error instanceof GwctlError ? error.cause : error;
  if (!(cause instanceof SyntaxError) || faultPlace(cause) !== undefined) {
    return error instanceof GwctlError ? error : cannotBeLoaded(entry, error);
  }
  const place = await unparsablePlace(files);
  const where = place === undefined ? '' : `${place}: `;
  return new GwctlError('E_CONFIG', `plugins: ${entry} cannot be loaded: ${where}${cause.message}`, { cause });
}

const isAsBefore = ({ files }: Loaded): boolean => [...files].every(([file, digest]) => digestOf(file) === digest);
