// What diff and sync share: the files, the gateway's state as far as the files own it, and the plan between them. Nothing
// is written here.

import { createdKinds, describeCollision, findCollisions } from '../control/plan/collisions.ts';
import { diffStates } from '../control/plan/diff.ts';
import type { Plan } from '../control/plan/plan.ts';
import type { Connection } from '../control/remote/client.ts';
import { createClient } from '../control/remote/client.ts';
import { type RemoteState, readEntities, readState } from '../control/remote/read.ts';
import { createSubschemaSource } from '../control/remote/schemas.ts';
import { GwctlError } from '../lib/errors.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import type { State } from '../state/state.ts';
import type { ConnectionFlags } from './connection.ts';
import { skippedKinds } from './flags.ts';
import { openSession } from './gateway-session.ts';
import type { PositionOf } from './output/failures.ts';
import { loadInputs, printWarnings } from './state-inputs.ts';

export interface PlanRequest extends ConnectionFlags {
  readonly 'select-tag'?: string[] | undefined;
  readonly 'skip-consumers': boolean;
  readonly 'skip-ca-certificates': boolean;
  readonly parallelism: number;
}

export interface PreparedPlan {
  readonly plan: Plan;
  readonly schemas: SchemaSet;
  readonly desired: State;
  readonly current: State;
  readonly connection: Connection;
  /** Where an entity stands in the files. */
  readonly positionOf: PositionOf;
}

export async function preparePlan(
  inputs: readonly string[],
  request: PlanRequest,
  onTrace?: (line: string) => void,
): Promise<PreparedPlan> {
  const session = await openSession(request, onTrace);
  const skip = skippedKinds(request);
  let connection = session.connection;
  let client = session.client;
  let remote: RemoteState | undefined;
  const loaded = await loadInputs(inputs, {
    schemas: session.schemas,
    ids: 'from-current',
    selectTags: request['select-tag'],
    subschemas: createSubschemaSource(session.client),
    current: async (scope, schemas) => {
      if (connection.workspace === undefined && scope.workspace !== undefined) {
        connection = { ...connection, workspace: scope.workspace };
        client = await createClient(connection, onTrace);
      } else warnOfWorkspace(connection.workspace, scope.workspace);
      const options = { selectTags: scope.selectTags, skipKinds: skip, parallelism: request.parallelism };
      remote = await readState(client, schemas, options);
      return remote.state;
    },
  });
  printWarnings(loaded);
  const { schemas, state: desired } = loaded;
  const { state: current, borrowed } = remote!;
  const plan = diffStates(current, desired, { schemas, borrowed, skip });
  if (loaded.selectTags.length > 0) await refuseCollisions(client, schemas, plan);
  return { plan, schemas, desired, current, connection, positionOf: loaded.positionOf };
}

function warnOfWorkspace(flag: string | undefined, inFiles: string | undefined): void {
  if (flag === undefined || inFiles === undefined || flag === inFiles) return;
  process.stderr.write(`Warning: workspace '${flag}' of --workspace is used, not '${inFiles}' of the files\n`);
}

/** Entities without the tags are not listed, but an equal name of theirs would make a write fail, or take them over. */
async function refuseCollisions(
  client: Parameters<typeof readState>[0],
  schemas: SchemaSet,
  plan: Plan,
): Promise<void> {
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
