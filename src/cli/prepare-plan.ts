// What diff, sync, apply and reset share: the files, the gateway's state as far as the files own it, and the plan between
// them. Nothing is written here.

import { createdKinds, describeCollision, findCollisions } from '../control/plan/collisions.ts';
import { diffStates } from '../control/plan/diff.ts';
import { describeHashes, describeUnclear } from '../control/plan/hashes.ts';
import type { Plan } from '../control/plan/plan.ts';
import { bulkPathOf } from '../control/remote/bulk.ts';
import type { AdminClient, Connection } from '../control/remote/client.ts';
import { type RemoteState, readEntities, readState } from '../control/remote/read.ts';
import { createSubschemaSource } from '../control/remote/schemas.ts';
import { GwctlError } from '../lib/errors.ts';
import type { Entity } from '../schema/define.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { createState, type State } from '../state/state.ts';
import type { ConnectionFlags } from './connection.ts';
import { judgeCodes } from './diagnostic-codes.ts';
import { skippedKinds } from './flags.ts';
import { openAdaptedSession } from './gateway-session.ts';
import type { PositionOf } from './output/failures.ts';
import { printableLines } from './output/printable.ts';
import { loadInputs, printWarnings } from './state-inputs.ts';
import { enterWorkspace, type Workplace } from './workspace.ts';

export interface PlanRequest extends ConnectionFlags {
  readonly 'select-tag'?: string[] | undefined;
  readonly 'skip-consumers': boolean;
  readonly 'skip-ca-certificates': boolean;
  readonly 'skip-consumers-with-consumer-groups'?: boolean;
  readonly 'skip-workspace-crud': boolean;
  readonly 'warnings-as-errors'?: string[] | undefined;
  readonly 'errors-as-warnings'?: string[] | undefined;
  readonly parallelism: number;
}

export interface PreparedPlan {
  readonly plan: Plan;
  readonly schemas: SchemaSet;
  readonly desired: State;
  readonly current: State;
  readonly connection: Connection;
  /** The path that takes the plan in one call, when the gateway has one. */
  readonly bulkPath: string | undefined;
  /** To be created before anything else. */
  readonly missingWorkspace: string | undefined;
  readonly warnings: readonly string[];
  /** What the files took from the environment. */
  readonly variables: ReadonlySet<string>;
  /** Where an entity stands in the files. */
  readonly positionOf: PositionOf;
}

/** `sync` makes the gateway what the files say; `apply` adds and changes what they say, and deletes nothing. */
export async function preparePlan(
  inputs: readonly string[],
  request: PlanRequest,
  mode: 'sync' | 'apply',
  onTrace?: (line: string) => void,
): Promise<PreparedPlan> {
  const session = await openAdaptedSession(request, onTrace);
  const skip = skippedKinds(request);
  const existence = request['skip-workspace-crud'] ? 'assume' : 'check';
  let place: Workplace | undefined;
  let remote: RemoteState | undefined;
  const loaded = await loadInputs(inputs, {
    schemas: session.schemas,
    ids: 'from-current',
    refersTo: mode === 'apply' ? 'gateway' : 'files',
    selectTags: request['select-tag'],
    subschemas: createSubschemaSource(session.client),
    current: async ({ workspace, selectTags, lookupTags }, schemas) => {
      const { connection, root } = session;
      place = await enterWorkspace({ connection, root, inFiles: workspace, existence, onTrace });
      if (place.missing !== undefined) remote = { state: createState(schemas), borrowed: new Set() };
      else {
        const { parallelism } = request;
        remote = await readState(place.client, schemas, { selectTags, lookupTags, skipKinds: skip, parallelism });
      }
      return remote.state;
    },
    outside: () => keptEntities(remote!, mode),
  });
  printWarnings(loaded);
  const codes = judgeCodes(loaded.state, request);
  const { schemas, state: desired } = loaded;
  const { state: current, borrowed } = remote!;
  const plan = diffStates(current, desired, { schemas, borrowed, skip });
  const hashes = [...describeHashes(schemas, plan), ...describeUnclear(schemas, current, desired)];
  for (const text of hashes) process.stderr.write(`Warning: ${printableLines(text)}\n`);
  if (loaded.selectTags.length > 0) await refuseCollisions(place!.client, schemas, plan);
  return {
    plan,
    schemas,
    desired,
    current,
    connection: place!.connection,
    bulkPath: bulkPathOf(session.version.root),
    missingWorkspace: place!.missing,
    warnings: [...loaded.warnings.map(({ message }) => message), ...codes, ...hashes],
    variables: loaded.variables,
    positionOf: loaded.positionOf,
  };
}

/** A plan that deletes whatever is read: all of it, or what has the tags. */
export async function prepareReset(request: PlanRequest, onTrace?: (line: string) => void): Promise<PreparedPlan> {
  const session = await openAdaptedSession(request, onTrace);
  const { connection, root, schemas, version } = session;
  const skip = skippedKinds(request);
  const place = await enterWorkspace({ connection, root, inFiles: undefined, existence: 'assume', onTrace });
  const { parallelism } = request;
  const selectTags = request['select-tag'] ?? [];
  const { state: current, borrowed } = await readState(place.client, schemas, {
    selectTags,
    skipKinds: skip,
    parallelism,
  });
  const desired = createState(schemas);
  return {
    plan: diffStates(current, desired, { schemas, borrowed, skip }),
    schemas,
    desired,
    current,
    connection: place.connection,
    bulkPath: bulkPathOf(version.root),
    missingWorkspace: undefined,
    warnings: [],
    variables: new Set(),
    positionOf: async () => undefined,
  };
}

/** What stays as it is and may be referred to: for apply everything, otherwise what the files look up. */
export function keptEntities({ state, borrowed }: RemoteState, mode: 'sync' | 'apply'): Map<string, readonly Entity[]> {
  const kinds = [...state.schemas.entities.keys()];
  const isKept = (kind: string, { id }: Entity): boolean => mode === 'apply' || borrowed.has(`${kind}/${id}`);
  return new Map(kinds.map((kind) => [kind, state.list(kind).filter((entity) => isKept(kind, entity))]));
}

/** Entities without the tags are not listed, but an equal name of theirs would make a write fail, or take them over. */
async function refuseCollisions(client: AdminClient, schemas: SchemaSet, plan: Plan): Promise<void> {
  const created = createdKinds(plan);
  if (created.size === 0) return;
  const needed = (kind: string): boolean => created.has(kind) || isParentOfListed(schemas, created, kind);
  const onlyKinds = new Set([...schemas.entities.keys()].filter(needed));
  const everything = await readEntities(client, schemas, { onlyKinds });
  const collisions = findCollisions(schemas, plan, everything);
  if (collisions.length === 0) return;
  throw new GwctlError(
    'E_REMOTE',
    `${collisions.length === 1 ? 'an entity' : `${collisions.length} entities`} of the files cannot be created`,
    {
      details: collisions.map((collision) => `  ${describeCollision(schemas, collision)}`).join('\n'),
      hint: 'Give the entity on the gateway the tags, or the one in the file another name. Nothing was changed.',
    },
  );
}

/** A kind that is only listed below its parents needs the parents as well. */
function isParentOfListed(schemas: SchemaSet, created: ReadonlySet<string>, kind: string): boolean {
  return [...created].some((name) => {
    const schema = schemas.entities.get(name);
    const under = schema?.deck?.list_under;
    const field = under === undefined ? undefined : schema?.fields[under];
    return field?.type === 'foreign' && field.reference === kind;
  });
}
