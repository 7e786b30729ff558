// Changes that plugins make to the log record: noted in their order, made when somebody asks for the record.
import { isForbiddenKey, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { LogMode } from '../../pdk/index.ts';

export interface LogEdit {
  /** Dots descend; `\.` is a dot of the name itself. */
  readonly key: string;
  /** undefined removes. */
  readonly value: Json | undefined;
  readonly mode: LogMode;
}

const SIMPLE: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);

/** Throws for what could not be told as JSON: plugins need not be typed. */
export function logEdit(key: string, value: Json | undefined, mode: LogMode): LogEdit {
  if (!isJson(value, [])) {
    throw new TypeError(
      'value must be nil, a number, string, boolean or a non-self-referencial table containing numbers, string and booleans',
    );
  }
  return { key, value, mode };
}

function isJson(value: unknown, above: readonly object[]): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return SIMPLE.has(typeof value);
  if (above.includes(value)) return false;
  const path = [...above, value];
  return Object.values(value).every((item) => isJson(item, path));
}

/** Objects on the way are copied before they change: some belong to the configuration. */
export function applyEdit(record: JsonObject, { key, value, mode }: LogEdit): void {
  const path = key.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
  if (path.some(isForbiddenKey)) return;
  let node = record;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(node, part) ? node[part] : undefined;
    if ((next === undefined || next === null) && (value === undefined || mode === 'replace')) return;
    if (next !== undefined && next !== null && !isObject(next)) {
      throw new Error(
        `The key '${key}' could not be used as a serialize value. Subkey '${part}' is not a table. It's ${String(next)}.`,
      );
    }
    const copy: JsonObject = { ...next };
    node[part] = copy;
    node = copy;
  }
  const last = path[path.length - 1]!;
  if (mode !== 'set' && Object.hasOwn(node, last) !== (mode === 'replace')) return;
  if (value === undefined) delete node[last];
  else node[last] = value;
}
