// Rules that need more than one field. Their texts gather under "@entity"; a conditional also marks the field it failed on.
import { isEqual, isObject, type Json, type JsonObject, valueAt } from '../lib/json.ts';
import type { EntityCheck, ErrorNode, ErrorTree, Field, Fields } from './define.ts';
import { messages } from './messages.ts';
import { isVaultReference, validateMatcher } from './validate-field.ts';

export type CheckContext = 'insert' | 'update';

/** Runs all checks on a whole value and adds what fails to `tree`. */
export function runEntityChecks(
  checks: readonly EntityCheck[],
  fields: Fields,
  value: JsonObject,
  tree: ErrorTree,
  context: CheckContext,
): void {
  if (checks.length === 0) return;
  const failed = new Set(Object.keys(tree).filter((key) => key !== '@entity'));
  for (const check of checks) runCheck(check, fields, value, tree, context, failed);
}

function runCheck(
  check: EntityCheck,
  fields: Fields,
  value: JsonObject,
  tree: ErrorTree,
  context: CheckContext,
  failed: ReadonlySet<string>,
): void {
  const read = (path: string): Json | undefined => (path.includes('.') ? valueAt(value, path.split('.')) : value[path]);
  const addEntity = (text: string): void => {
    const list = (tree['@entity'] ??= []) as (ErrorNode | null)[];
    list.push(text);
  };
  switch (check.check) {
    case 'conditional': {
      if (isWrong(check.if_field, failed) || isWrong(check.then_field, failed)) return;
      if (isVaultReference(read(check.if_field)) || isVaultReference(read(check.then_field))) return;
      if (!holds(fieldAt(fields, check.if_field), check.if_match, read(check.if_field))) return;
      const field = fieldAt(fields, check.then_field);
      const error = validateMatcher(field, check.then_match, read(check.then_field));
      if (error === undefined) return;
      setAt(tree, check.then_field.split('.'), error);
      addEntity(check.then_err ?? messages.conditional(check.if_field));
      return;
    }
    case 'conditional_at_least_one_of': {
      if (isWrong(check.if_field, failed)) return;
      const subject = read(check.if_field);
      const field = fieldAt(fields, check.if_field);
      if (holds(field, check.if_match, subject)) {
        requireOne(check.then_at_least_one_of, check.then_err);
      } else if (check.else_match !== undefined && holds(field, check.else_match, subject)) {
        requireOne(check.else_then_at_least_one_of ?? [], check.else_then_err);
      }
      return;
    }
    case 'at_least_one_of':
      if (!check.fields.some((name) => !isEmpty(read(name)))) {
        const text = messages.atLeastOneOf(check.fields);
        addEntity(context === 'update' ? messages.whenUpdating(text) : text);
      }
      return;
    case 'only_one_of':
      if (check.fields.filter((name) => !isEmpty(read(name))).length !== 1) {
        addEntity(messages.onlyOneOf(check.fields));
      }
      return;
    case 'distinct': {
      const set = check.fields.map(read).filter((item) => !isEmpty(item));
      const clash = set.some((item, i) => set.slice(i + 1).some((other) => isEqual(item, other)));
      if (clash) addEntity(messages.distinct(check.fields));
      return;
    }
    case 'mutually_required': {
      const set = check.fields.filter((name) => !isEmpty(read(name)));
      if (set.length > 0 && set.length < check.fields.length) addEntity(messages.mutuallyRequired(check.fields));
      return;
    }
    case 'mutually_exclusive':
      if (check.fields.filter((name) => !isEmpty(read(name))).length > 1) {
        addEntity(messages.mutuallyExclusive(check.fields));
      }
      return;
    case 'custom_entity_check': {
      if (check.run_with_invalid_fields !== true && check.fields.some((name) => isWrong(name, failed))) return;
      if (check.fields.some((name) => isEmpty(read(name)) || isVaultReference(read(name)))) return;
      const error = check.run(value);
      if (error === undefined) return;
      if (typeof error === 'string') addEntity(error);
      else for (const [name, node] of Object.entries(error)) setAt(tree, [name], node);
    }
  }

  function requireOne(names: readonly string[], err: string | undefined): void {
    if (names.some((name) => !isEmpty(read(name)))) return;
    addEntity((err ?? messages.atLeastOneOf(names)).replace('%s', messages.quote(names)));
  }
}

const isWrong = (path: string, failed: ReadonlySet<string>): boolean =>
  failed.size > 0 && failed.has(path.split('.')[0]!);

const holds = (field: Field, matcher: Parameters<typeof validateMatcher>[1], value: Json | undefined): boolean =>
  value !== undefined && value !== null && validateMatcher(field, matcher, value) === undefined;

/** Unset as far as checks go: null, and every value with nothing in it. */
export const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

function fieldAt(fields: Fields, path: string): Field {
  const own = fields[path];
  if (own !== undefined) return own;
  let current: Fields = fields;
  let field: Field | undefined;
  for (const name of path.split('.')) {
    field = current[name];
    if (field === undefined) break;
    current = field.type === 'record' ? field.fields : {};
  }
  return field ?? { type: 'string', len_min: 0 };
}

function setAt(tree: ErrorTree, path: readonly string[], error: ErrorNode): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    const next = node[key];
    if (typeof next === 'string') return;
    node = (node[key] = isObject(next as Json) ? (next as ErrorTree) : {}) as ErrorTree;
  }
  const last = path[path.length - 1]!;
  node[last] ??= error;
}
