// Values that other plugins offer to the templates of this request, by name: what templates call `shared`.
import type { Json } from '../../lib/json.ts';
import { type AccessExchange, slot } from '../../pdk/index.ts';

export const templateValues = slot<ReadonlyMap<string, Json>>('values for templates');

/** Beside what others offer; of the same name the last one counts. */
export function offerToTemplates({ shared }: Pick<AccessExchange, 'shared'>, name: string, value: Json): void {
  const others = shared.get(templateValues);
  shared.set(templateValues, others === undefined ? new Map([[name, value]]) : new Map([...others, [name, value]]));
}
