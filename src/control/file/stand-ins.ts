// Where the environment is not to be shown, a variable stands for its own name: `cert: DECK_CERT`. Such a text is no
// certificate, and nobody can say yet whether the real one will be. Only its type is judged.
import { isObject, type Json } from '../../lib/json.ts';
import type { ErrorNode, ErrorTree } from '../../schema/define.ts';
import { messages } from '../../schema/messages.ts';

/** Whatever the value is: it has the wrong type, or no place. */
const CERTAIN: ReadonlySet<string> = new Set([...Object.values(messages.type), messages.unknown]);

/** The errors that are there whatever the variables hold; undefined when there are none. */
export function withoutStandIns(errors: ErrorTree, value: Json, names: ReadonlySet<string>): ErrorTree | undefined {
  const rest = prune(errors, value, names);
  return isObject(rest) ? (rest as ErrorTree) : undefined;
}

function prune(node: ErrorNode | null, value: Json | undefined, names: ReadonlySet<string>): ErrorNode | null {
  if (node === null) return null;
  if (typeof node === 'string') return !CERTAIN.has(node) && standsIn(value, names) ? null : node;
  if (Array.isArray(node)) {
    const items = node.map((item, i) => prune(item, Array.isArray(value) ? value[i] : undefined, names));
    return items.every((item) => item === null) ? null : items;
  }
  const kept: [string, ErrorNode][] = [];
  for (const [key, inner] of Object.entries(node)) {
    // What is said of the whole depends on all that is in it.
    const part = key === '@entity' ? value : isObject(value) ? value[key] : undefined;
    const rest = key === '@entity' && standsIn(part, names) ? null : prune(inner, part, names);
    if (rest !== null) kept.push([key, rest]);
  }
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** Is there the name of a variable anywhere inside? */
function standsIn(value: Json | undefined, names: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return [...names].some((name) => value.includes(name));
  if (Array.isArray(value)) return value.some((item) => standsIn(item, names));
  return isObject(value) && Object.values(value).some((item) => standsIn(item, names));
}
