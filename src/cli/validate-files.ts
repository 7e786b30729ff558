// What validate does: load the files, tell what `gwctl serve` would not act on, and let a gateway judge when asked to.
import type { Loaded } from '../control/file/load.ts';
import type { RouterFlavor } from '../entities/registry.ts';
import { GwctlError } from '../lib/errors.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import type { ConnectionFlags } from './connection.ts';
import { type CodeFlags, judgeCodes } from './diagnostic-codes.ts';
import { bundledSchemas, openAdaptedSession } from './gateway-session.ts';
import { printableLines } from './output/printable.ts';
import { chooseInputs, loadInputs, printWarnings } from './state-inputs.ts';
import { requireWorkspace } from './workspace.ts';

export interface ValidateRequest extends ConnectionFlags, CodeFlags {
  readonly state?: string[] | undefined;
  readonly 'select-tag'?: string[] | undefined;
  readonly 'online-entities-list'?: string[] | undefined;
  readonly 'skip-workspace-crud': boolean;
  readonly parallelism: number;
  /** Of the gateway that the files are for; one that is asked tells its own. */
  readonly 'router-flavor'?: string | undefined;
}

export async function validateFiles(
  args: readonly string[],
  request: ValidateRequest,
  mode: 'online' | 'offline',
  onTrace?: (line: string) => void,
): Promise<Loaded> {
  const inputs = chooseInputs(args, request.state);
  const loaded =
    mode === 'online' ? await validateOnline(inputs, request, onTrace) : await validateOffline(inputs, request);
  printWarnings(loaded);
  judgeCodes(loaded.state, request);
  return loaded;
}

async function validateOffline(inputs: readonly string[], request: ValidateRequest): Promise<Loaded> {
  const loaded = await loadInputs(inputs, {
    schemas: await bundledSchemas(await chooseFlavor(request)),
    ids: 'deterministic',
    dialect: 'deck',
    selectTags: request['select-tag'],
  });
  if (loaded.lookupTags.size > 0) {
    throw new GwctlError('E_FILE_INVALID', '_info.default_lookup_tags cannot be checked without a gateway', {
      hint: 'Use gwctl gateway validate.',
    });
  }
  const { describeUnexecuted, findRefused, findUnexecuted } = await import('./unexecuted-plugins.ts');
  for (const name of findUnexecuted(loaded.state)) process.stderr.write(`note: ${describeUnexecuted(name)}\n`);
  for (const text of findRefused(loaded.state)) process.stderr.write(`Warning: ${printableLines(text)}\n`);
  return loaded;
}

/** The flag, else what `serve` would take from the environment. */
async function chooseFlavor(request: ValidateRequest): Promise<RouterFlavor | undefined> {
  const { isRouterFlavor } = await import('../entities/registry.ts');
  const flavor = request['router-flavor'] ?? process.env['KONG_ROUTER_FLAVOR'];
  return isRouterFlavor(flavor) ? flavor : undefined;
}

async function validateOnline(
  inputs: readonly string[],
  request: ValidateRequest,
  onTrace?: (line: string) => void,
): Promise<Loaded> {
  const session = await openAdaptedSession(request, onTrace);
  const [{ createSubschemaSource }, { checkOnline }, { readState }, { keptEntities }] = await Promise.all([
    import('../control/remote/schemas.ts'),
    import('../control/remote/check.ts'),
    import('../control/remote/read.ts'),
    import('./prepare-plan.ts'),
  ]);
  let remote: Awaited<ReturnType<typeof readState>> | undefined;
  const loaded = await loadInputs(inputs, {
    schemas: session.schemas,
    ids: 'from-current',
    selectTags: request['select-tag'],
    subschemas: createSubschemaSource(session.client),
    // The state of the gateway is only needed for what the files look up there.
    current: async ({ selectTags, lookupTags }, schemas) => {
      if (lookupTags.size === 0) return emptyState(schemas);
      remote = await readState(session.client, schemas, { selectTags, lookupTags, parallelism: request.parallelism });
      return remote.state;
    },
    outside: () => (remote === undefined ? new Map() : keptEntities(remote, 'sync')),
  });
  if (!request['skip-workspace-crud']) await requireWorkspace(session, loaded.workspace);
  const kinds = chooseKinds(loaded.schemas, request['online-entities-list']);
  await checkOnline(session.client, loaded, request.parallelism, kinds);
  return loaded;
}

async function emptyState(schemas: SchemaSet): Promise<Loaded['state']> {
  const { createState } = await import('../state/state.ts');
  return createState(schemas);
}

/** What decK can ask for too, and no file here can hold. */
const ELSEWHERE: ReadonlySet<string> = new Set(['documents', 'filterchains', 'rbacendpointpermissions', 'rbacroles']);

/** `Services`, `KeyAuths`, `SNIs`, as decK calls them, or the names of sections. */
function chooseKinds(schemas: SchemaSet, names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (names === undefined || names.length === 0) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const kinds = new Map<string, string>();
  for (const { name, deck, admin_api_name } of schemas.entities.values()) {
    if (deck === undefined) continue;
    for (const word of [name, `${deck.kind}s`, admin_api_name ?? name]) kinds.set(plain(word), name);
  }
  return new Set(
    names.flatMap((name) => {
      const kind = kinds.get(plain(name));
      if (kind !== undefined) return [kind];
      if (ELSEWHERE.has(plain(name))) return [];
      throw new GwctlError('E_USAGE', `'${name}' of --online-entities-list is no kind of entity`, {
        hint: `Known: ${[...new Set(kinds.values())].sort().join(', ')}.`,
      });
    }),
  );
}
