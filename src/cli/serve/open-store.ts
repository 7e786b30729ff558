// The store that `serve` runs on, with the files in it. A file fills a store that is empty. Over a store that holds
// something it is never written unasked: changes by the Admin API would be lost.
import type { Config } from '../../config/load.ts';
import { resultInSlices } from '../../gateway/slices.ts';
import { GwctlError } from '../../lib/errors.ts';
import { areAllBundled } from '../../plugins/loader.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { createState, type Fact } from '../../state/state.ts';
import { factsOf, Succession } from '../../state/succession.ts';
import { DeclarativeStore } from '../../store/declarative.ts';
import { MemoryStore } from '../../store/memory.ts';
import { showAddress } from '../../store/postgres/address.ts';
import type { Store, StoreReport } from '../../store/store.ts';
import { choosePlace, type Place } from '../database.ts';
import { schemaUse } from '../schema-use.ts';
import { areLarge, isStream, loadApart, mayBeLarge } from './load-apart.ts';
import { type LoadedState, loadState, type StateFiles } from './load-state.ts';
import { releaseCompilers, releaseYoungGeneration } from './v8-flags.ts';

export interface StoreOptions {
  readonly inputs: readonly string[];
  readonly data: string | undefined;
  /** What to do with files when the store holds something else. */
  readonly onOtherContent: 'refuse' | 'replace';
  readonly isWatching: boolean;
  readonly config: Config;
  readonly schemas: SchemaSet;
  readonly report: StoreReport;
}

export interface OpenedStore {
  readonly store: Store;
  /** The files in use. */
  readonly files: readonly string[];
  /** What they are written in; absent without files. */
  readonly writtenFor: string | undefined;
  /** Reads the files again, by these schemas if they are others; what it answers puts them in place of what there is. */
  read(schemas?: SchemaSet): Promise<() => Promise<void>>;
  /** Where the configuration is kept, for the banner. */
  readonly kept: string;
}

/** While files are loaded again, a request may have to wait this long. */
const SLICE_MS = 1;

export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const place = choosePlace(options.config, options.data);
  const files = chooseFiles(options, place);
  const isLasting = place.kind === 'sqlite' || place.kind === 'postgres';
  if (options.isWatching) refuseToWatch(files, isLasting);
  if (isLasting || (await mayBeLarge(files))) {
    // Of a large configuration most is garbage at once, and what reads it is worth being compiled.
    releaseYoungGeneration();
    releaseCompilers();
  }
  const { config } = options;
  const what = { inputs: files, isNamed: place.kind !== 'memory' };
  let { schemas } = options;
  // Files that are wrong start nothing, so they are read before a database is opened.
  const loaded = files.length === 0 ? undefined : await loadState(what, schemas);
  if (loaded !== undefined) print(loaded.warnings);
  const store = await openPlace(place, options);
  try {
    if (loaded !== undefined) await bringIn(store, loaded, options.onOtherContent);
  } catch (error) {
    await store.close();
    throw error;
  }
  const readAgain = async (): Promise<LoadedState> => {
    const succession = new Succession(store.state);
    const isApart = areAllBundled(config.plugins) && (await areLarge(files));
    const take = (facts: readonly Fact[]): void => succession.take(facts);
    const task = { ...what, plugins: config.plugins, routerFlavor: config.router_flavor, use: schemaUse(config) };
    const { hash, warnings } = await (isApart ? loadApart(task, take) : loadHere(what, schemas, take));
    const next = await resultInSlices(succession.finish(), SLICE_MS);
    if (!next.ok) throw new GwctlError('E_INTERNAL', `the files contradict what they come after: ${next.error.code}`);
    return { state: next.value, hash, warnings };
  };
  return {
    store,
    files,
    writtenFor: loaded?.writtenFor,
    async read(others = schemas) {
      // Whoever asks for other schemas has other code, and wants all that was made by the former one made anew.
      const { state, hash, warnings } = others === schemas ? await readAgain() : await loadState(what, others);
      print(warnings);
      return () => {
        schemas = others;
        return store.replace(state, hash);
      };
    },
    kept: describePlace(place),
  };
}

function refuseToWatch(files: readonly string[], isLasting: boolean): void {
  if (files.length === 0 || files.some(isStream)) {
    throw new GwctlError('E_USAGE', '--watch needs files or directories to watch');
  }
  if (!isLasting) return;
  throw new GwctlError('E_USAGE', '--watch would undo what the Admin API has written to the database', {
    hint: 'Leave --watch out and bring changed files in with `gwctl sync`, or leave the database out.',
  });
}

function chooseFiles({ inputs, config, report }: StoreOptions, place: Place): readonly string[] {
  if (inputs.length > 0 || config.declarative_config === null) return inputs;
  if (place.kind === 'declarative') return [config.declarative_config];
  report('warn', 'declarative_config counts only when database is off, and is ignored');
  return inputs;
}

async function loadHere(what: StateFiles, schemas: SchemaSet, take: (facts: readonly Fact[]) => void) {
  const loaded = await loadState(what, schemas);
  take([...factsOf(loaded.state)]);
  return loaded;
}

const print = (warnings: readonly string[]): void => {
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
};

async function openPlace(place: Place, { schemas, config, report }: StoreOptions): Promise<Store> {
  switch (place.kind) {
    case 'memory':
      return new MemoryStore(createState(schemas));
    case 'declarative':
      return new DeclarativeStore(createState(schemas));
    case 'sqlite': {
      const { openSqliteStore } = await import('../../store/sqlite/sqlite-store.ts');
      return openSqliteStore({ directory: place.directory, schemas });
    }
    case 'postgres': {
      const { openPostgresStore } = await import('../../store/postgres/open.ts');
      const pollMs = config.db_update_frequency * 1000;
      return openPostgresStore({ address: place.address, schemas, pollMs, report });
    }
  }
}

async function bringIn(store: Store, { state, hash }: LoadedState, onOther: 'refuse' | 'replace'): Promise<void> {
  if (onOther === 'replace') return store.replace(state, hash);
  if (await store.fill(state, hash)) return;
  // The same files as when the store was filled: what was written since then stays.
  if (store.configurationHash === hash) return;
  throw new GwctlError(
    'E_USAGE',
    'the store holds a configuration already, and these files are not what it was filled with',
    {
      hint: 'Start without the files and bring them in with `gwctl sync`, or put them in its place with --replace.',
    },
  );
}

function describePlace(place: Place): string {
  switch (place.kind) {
    case 'memory':
      return 'in memory: changes by the Admin API are gone when this process ends';
    case 'declarative':
      return 'in memory, read-only: the Admin API takes whole configurations only';
    case 'sqlite':
      return `in ${place.directory} (SQLite)`;
    case 'postgres':
      return `in ${showAddress(place.address)}, shared with other nodes`;
  }
}
