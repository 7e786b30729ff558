// Values that are stored in another form than they are written in. A transformation sees what the client itself sent, so a
// PATCH of other fields leaves a hash alone; whatever it needs has to come in the same request.
import { type Json, type JsonObject, valueAt } from '../lib/json.ts';
import { isEmpty } from './checks.ts';
import type { Entity, ErrorNode, ErrorTree, Transformation } from './define.ts';
import { messages } from './messages.ts';

const read = (value: JsonObject, path: string): Json | undefined => valueAt(value, path.split('.'));

/** Adds what is missing to `errors`: the fields of a transformation are set together or not at all. */
export function checkTransformations(
  transformations: readonly Transformation[],
  sent: JsonObject,
  entity: JsonObject,
  existing: Entity | undefined,
  errors: ErrorTree,
): void {
  for (const { input, needs = [] } of transformations) {
    const isAsked = input.some((path) => !isEmpty(read(sent, path)));
    const isNeedChanged = existing !== undefined && needs.some((path) => read(sent, path) !== read(existing, path));
    if (!isAsked && !isNeedChanged) continue;
    const paths = [...input, ...needs];
    const set = paths.filter((path) => !isEmpty(read(isNeedChanged ? sent : entity, path)));
    if (set.length === 0 || set.length === paths.length) continue;
    const list = (errors['@entity'] ??= []) as (ErrorNode | null)[];
    list.push(messages.mutuallyRequired(paths));
  }
}

/** Brings `entity` (changed in place) into its stored form. */
export function transform(transformations: readonly Transformation[], sent: JsonObject, entity: JsonObject): void {
  for (const { input, needs = [], on_write } of transformations) {
    const runs =
      input.every((path) => !isEmpty(read(sent, path))) && needs.every((path) => !isEmpty(read(entity, path)));
    if (runs) Object.assign(entity, on_write(entity));
  }
}
