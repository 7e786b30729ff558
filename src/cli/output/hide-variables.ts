// Values that state files took from the environment are not shown: whoever keeps a value out of the file wants it out of the
// log as well, and so the value that it replaces. Works on values, wherever they turn up in an operation; names of entities
// stay readable.
import type { Operation } from '../../control/plan/plan.ts';
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';

const MASK = '[masked]';
/** Shorter values are hidden only where they are the whole value: they would damage whatever they happen to be part of. */
const MIN_PART = 4;
/** What the entity is found by. */
const KEPT: ReadonlySet<string> = new Set(['id', 'created_at', 'updated_at']);

export type HideVariables = (operation: Operation) => Operation;

export function createHideVariables(values: Iterable<string>): HideVariables {
  const hidden = [...new Set(values)].filter((value) => value !== '').sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return (operation) => operation;
  const whole = new Set(hidden);
  const parts = hidden
    .filter((value) => value.length >= MIN_PART)
    .map((value) => new RegExp(`(?<![\\p{L}\\p{N}_])${quote(value)}(?![\\p{L}\\p{N}_])`, 'gu'));
  const hide = (value: Json): Json => {
    if (typeof value === 'string') {
      return whole.has(value) ? MASK : parts.reduce((text, part) => text.replace(part, MASK), value);
    }
    if (typeof value === 'number') return whole.has(String(value)) ? MASK : value;
    if (Array.isArray(value)) return value.map(hide);
    return isObject(value) ? hideIn(value) : value;
  };
  const hideIn = (record: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(record).map(([key, item]) => [key, KEPT.has(key) ? item : hide(item)]));
  /** The old value, where what takes its place is hidden: it came from the same variable once. */
  const hideOld = (before: Json, after: Json | undefined): Json => {
    const isReplaced = before !== null && after !== undefined && !isEqual(before, after);
    if (!isReplaced || isEqual(after, hide(after))) return hide(before);
    if (Array.isArray(before) && Array.isArray(after)) {
      return before.map((item) => (after.some((other) => isEqual(item, other)) ? hide(item) : MASK));
    }
    if (!isObject(before) || !isObject(after)) return MASK;
    const hidden = Object.entries(before).map(([key, item]) => [key, KEPT.has(key) ? item : hideOld(item, after[key])]);
    return Object.fromEntries(hidden);
  };
  const entity = (value: Entity): Entity => hideIn(value) as Entity;
  return (operation) => {
    if (operation.action === 'create') return { ...operation, after: entity(operation.after) };
    if (operation.action === 'delete') return { ...operation, before: entity(operation.before) };
    return {
      ...operation,
      before: hideOld(operation.before, operation.after) as Entity,
      after: entity(operation.after),
      changes: operation.changes.map((change) => ({
        ...change,
        ...(change.before === undefined ? {} : { before: hideOld(change.before, change.after) }),
        ...(change.after === undefined ? {} : { after: hide(change.after) }),
      })),
    };
  };
}

const quote = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
