// The store that `serve` runs on, with the files in it. A file fills a store that is empty. Over a store that holds
// something it is never written unasked: changes by the Admin API would be lost.
import type { Config } from '../../config/load.ts';
import { GwctlError } from '../../lib/errors.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { startLifetimes } from '../../state/expiry.ts';
import { createState, type State } from '../../state/state.ts';
import { DeclarativeStore } from '../../store/declarative.ts';
import { hashState, NO_HASH } from '../../store/hash.ts';
import { MemoryStore } from '../../store/memory.ts';
import { showAddress } from '../../store/postgres/address.ts';
import type { Store, StoreReport } from '../../store/store.ts';
import { choosePlace, type Place } from '../database.ts';
import { loadInputs, printWarnings } from '../state-inputs.ts';

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
  /** Reads the files again, by these schemas if they are others; what it answers puts them in place of what there is. */
  read(schemas?: SchemaSet): Promise<() => Promise<void>>;
  /** Where the configuration is kept, for the banner. */
  readonly kept: string;
}

export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const place = choosePlace(options.config, options.data);
  const files = chooseFiles(options, place);
  const isLasting = place.kind === 'sqlite' || place.kind === 'postgres';
  if (options.isWatching) refuseToWatch(files, isLasting);
  // Naming the content costs time that a store in memory has no use for.
  const name = place.kind === 'memory' ? () => NO_HASH : hashState;
  let { schemas } = options;
  // Files that are wrong start nothing, so they are read before a database is opened.
  const loaded = files.length === 0 ? undefined : await loadState(files, schemas, name);
  const store = await openPlace(place, options);
  try {
    if (loaded !== undefined) await bringIn(store, loaded, options.onOtherContent);
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    store,
    files,
    async read(others = schemas) {
      const { state, hash } = await loadState(files, others, name);
      return () => {
        schemas = others;
        return store.replace(state, hash);
      };
    },
    kept: describePlace(place),
  };
}

function refuseToWatch(files: readonly string[], isLasting: boolean): void {
  if (files.length === 0 || files.some((file) => file === '-' || /^https?:/.test(file))) {
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

interface LoadedState {
  readonly state: State;
  readonly hash: string;
}

async function loadState(
  files: readonly string[],
  schemas: SchemaSet,
  name: (state: State) => string,
): Promise<LoadedState> {
  const loaded = await loadInputs(files, { schemas, ids: 'deterministic' });
  printWarnings(loaded);
  // Before times to live become moments: the same file has the same hash tomorrow.
  return { hash: name(loaded.state), state: startLifetimes(loaded.state, Date.now()) };
}

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
