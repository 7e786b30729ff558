// Conditional checks as JSON Schema: when one field has such a value, another must be so. Only a value that is written can
// set one off: what a default would be is not asked, because it may come from elsewhere. Checks that are code, and matchers
// without a word in JSON Schema, are left out.
import type { Json, JsonLiteral, JsonObject } from '../lib/json.ts';
import type { EntityCheck, Matcher } from './define.ts';

const VAULT_REFERENCE = '^\\{vault://[^}]+\\}$';

export interface ConditionOptions {
  /** Pattern of texts that stand for another value, which nobody knows here. */
  readonly placeholder?: string | undefined;
  /** Must this path be written for its field to have a value? */
  readonly isMissable: (path: readonly string[]) => boolean;
}

type Conditional = Extract<EntityCheck, { check: 'conditional' }>;
type ConditionalAny = Extract<EntityCheck, { check: 'conditional_at_least_one_of' }>;

/** Schemas that must all hold; none when the check cannot be said. */
export function conditionSchemas(check: Conditional | ConditionalAny, options: ConditionOptions): JsonObject[] {
  const when = whenSchema(check.if_field, check.if_match, options);
  if (check.check === 'conditional') {
    const then = thenSchema(check.then_field, check.then_match, options);
    return when === undefined || then === undefined ? [] : [implies(when, then)];
  }
  const found: JsonObject[] = [];
  const first = atLeastOne(check.then_at_least_one_of, options);
  if (when !== undefined && first !== undefined) found.push(implies(when, first));
  const other = check.else_match && whenSchema(check.if_field, check.else_match, options);
  const second = check.else_then_at_least_one_of && atLeastOne(check.else_then_at_least_one_of, options);
  if (when !== undefined && other !== undefined && second !== undefined) {
    found.push(implies({ allOf: [other, { not: when }] }, second));
  }
  return found;
}

const implies = (condition: JsonObject, then: JsonObject): JsonObject => ({ if: condition, then });

export function requirePath(path: readonly string[]): JsonObject {
  const [name = '', ...rest] = path;
  return rest.length === 0 ? { required: [name] } : { required: [name], properties: { [name]: requirePath(rest) } };
}

function atLeastOne(fields: readonly string[], { isMissable }: ConditionOptions): JsonObject | undefined {
  const paths = fields.map((field) => field.split('.'));
  return paths.every(isMissable) ? { anyOf: paths.map(requirePath) } : undefined;
}

/** The value is written, known, and matches. */
function whenSchema(field: string, matcher: Matcher, { placeholder }: ConditionOptions): JsonObject | undefined {
  const rule = ruleOf(matcher);
  if (rule === undefined) return undefined;
  const unknown = [{ type: 'null' }, ...unknownTexts(placeholder)];
  const path = field.split('.');
  return inside(path, { allOf: [rule, { not: { anyOf: unknown } }] }, true);
}

function thenSchema(field: string, matcher: Matcher, options: ConditionOptions): JsonObject | undefined {
  const path = field.split('.');
  if (matcher.eq === null) return inside(path, { type: 'null' }, false);
  if (matcher.required === true || matcher.ne === null) {
    return options.isMissable(path) ? requirePath(path) : undefined;
  }
  const rule = ruleOf(matcher);
  if (rule === undefined) return undefined;
  return inside(path, { anyOf: [rule, { type: 'null' }, ...unknownTexts(options.placeholder)] }, false);
}

const unknownTexts = (placeholder: string | undefined): JsonObject[] =>
  [VAULT_REFERENCE, ...(placeholder === undefined ? [] : [placeholder])].map((pattern) => ({
    type: 'string',
    pattern,
  }));

/** The rule at a path; with `isWritten` the path must be there. */
function inside(path: readonly string[], rule: JsonObject, isWritten: boolean): JsonObject {
  return path.reduceRight<JsonObject>(
    (inner, name) => ({ ...(isWritten ? { required: [name] } : {}), properties: { [name]: inner } }),
    rule,
  );
}

/** Every word of the matcher, or undefined when one of them cannot be said. */
function ruleOf(matcher: Matcher): JsonObject | undefined {
  const rules: JsonObject[] = [];
  for (const [word, value] of Object.entries(matcher)) {
    const rule = wordRule(word, value);
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules.length === 1 ? rules[0] : { allOf: rules };
}

function wordRule(word: string, value: unknown): JsonObject | undefined {
  switch (word) {
    case 'eq':
      return { const: value as Json };
    case 'ne':
      return { not: { const: value as Json } };
    case 'one_of':
      return { enum: [...(value as readonly Json[])] };
    case 'not_one_of':
      return { not: { enum: [...(value as readonly Json[])] } };
    case 'gt':
      return { type: 'number', exclusiveMinimum: value as number };
    case 'match':
      return (value as RegExp).flags === '' ? { type: 'string', pattern: (value as RegExp).source } : undefined;
    case 'contains':
      return { type: 'array', contains: { const: value as JsonLiteral as Json } };
    case 'len_eq':
      return value === 0 ? { type: ['array', 'object'], maxItems: 0, maxProperties: 0 } : undefined;
    case 'elements': {
      const { type, ...rules } = value as { readonly type: string };
      const rule = ruleOf(rules as Matcher);
      return type === 'string' && rule !== undefined ? { type: 'array', items: rule } : undefined;
    }
    default:
      return undefined;
  }
}
