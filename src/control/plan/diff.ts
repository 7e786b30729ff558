// Two states → a plan. Pairs are found by id, so this is one pass over each state; who gives an entity of a file the id of
// the one the gateway has is identity.ts.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../lib/json.ts';
import { judgeHashes } from '../../schema/compare.ts';
import type { Entity, EntitySchema } from '../../schema/define.ts';
import { withoutOverlaid } from '../../schema/overlay.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { chooseSubschema } from '../../schema/validate.ts';
import type { State } from '../../state/state.ts';
import { listChanges } from './changes.ts';
import { isSameEntity } from './equal.ts';
import { labelOf } from './label.ts';
import { orderOperations } from './order.ts';
import { type Operation, operationsOf, type Plan } from './plan.ts';
import { isSkipped, type Skip } from './skip.ts';

export interface DiffOptions {
  readonly schemas: SchemaSet;
  /** `kind/id` of entities of `current` that are not ours to delete. */
  readonly borrowed?: ReadonlySet<string>;
  readonly skip?: Skip;
}

export function diffStates(current: State, desired: State, options: DiffOptions): Plan {
  const operations: Operation[] = [];
  for (const schema of options.schemas.entities.values()) {
    if (schema.deck !== undefined) diffKind(schema, current, desired, options, operations);
  }
  const stages = orderOperations(operations, current, desired, options.schemas, options.borrowed ?? new Set());
  const plan = { base: '', stages, summary: { create: 0, update: 0, delete: 0 } };
  const ordered = operationsOf(plan);
  const count = (action: Operation['action']): number =>
    ordered.filter((operation) => operation.action === action).length;
  return {
    base: fingerprint(ordered),
    stages,
    summary: { create: count('create'), update: count('update'), delete: count('delete') },
  };
}

function diffKind(
  schema: EntitySchema,
  current: State,
  desired: State,
  options: DiffOptions,
  operations: Operation[],
): void {
  const { schemas, borrowed, skip } = options;
  const kind = schema.name;
  const label = (entity: Entity): string => labelOf(schemas, schema, entity, [desired, current]);
  for (const after of desired.list(kind)) {
    if (isSkipped(skip, schema, after)) continue;
    const before = current.get(kind, after.id);
    if (before === undefined) {
      operations.push({ kind, action: 'create', label: label(after), after });
      continue;
    }
    const fields = fieldsOf(schemas, schema, after);
    // What stands where a link puts another value does not count, whatever the gateway shows there.
    const [was, is] = [withoutOverlaid(schema.overlay, before), withoutOverlaid(schema.overlay, after)];
    const { changed } = judgeHashes(fields, was, is);
    if (changed.length === 0 && isSameEntity(fields, was, is)) continue;
    const hashes = changed.map((name) => ({ path: [name], before: was[name]!, after: is[name]! }));
    const changes = [...listChanges(fields, was, is), ...hashes];
    if (changes.length > 0) operations.push({ kind, action: 'update', label: label(after), before, after, changes });
  }
  for (const before of current.list(kind)) {
    if (isSkipped(skip, schema, before) || borrowed?.has(`${kind}/${before.id}`) === true) continue;
    if (desired.get(kind, before.id) === undefined)
      operations.push({ kind, action: 'delete', label: label(before), before });
  }
}

function fieldsOf(schemas: SchemaSet, schema: EntitySchema, entity: Entity): EntitySchema['fields'] {
  const chosen = chooseSubschema(schemas, schema, entity);
  return schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
}

function fingerprint(operations: readonly Operation[]): string {
  const hash = createHash('sha256');
  for (const operation of operations) {
    const id = operation.action === 'create' ? operation.after.id : operation.before.id;
    hash.update(`${operation.kind}/${id}\n`);
    if (operation.action !== 'create') hash.update(canonicalJson(operation.before));
  }
  return hash.digest('hex');
}
