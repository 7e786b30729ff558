// Fields and checks in words, as Markdown, for the reference pages. Everything said is read off the literals: types,
// defaults, limits, descriptions. Records are unfolded into rows with dotted names.
import type { JsonLiteral } from '../lib/json.ts';
import type { EntityCheck, Field, Fields, Matcher, RecordField, Shorthand, Shorthands, StringField } from './define.ts';
import { isMandatory } from './requirements.ts';

const HEAD = ['| field | type | default | required | meaning |', '|---|---|---|---|---|'];

/** One field in words; texts are Markdown. */
export interface FieldLine {
  /** Dotted, `[]` for the items of a list and `*` for the keys of a map. */
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly isMandatory: boolean;
  readonly text: string;
}

export function fieldTable(fields: Fields, shorthands?: Shorthands): string {
  const rows = fieldLines(fields, shorthands).map(
    (line) =>
      `| ${[code(line.name), line.type, line.value, line.isMandatory ? 'yes' : '', line.text].map(escapeCell).join(' | ')} |`,
  );
  return [...HEAD, ...rows].join('\n');
}

/** One line a field, at any depth; in the order of the literal, shorthands last. */
export function fieldLines(fields: Fields, shorthands: Shorthands | undefined, prefix = ''): FieldLine[] {
  const own = Object.entries(fields).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const line: FieldLine = {
      name: path,
      type: typeText(field),
      // Defaults of a record stand at its fields.
      value: field.type === 'record' ? '' : defaultText(field),
      isMandatory: isMandatory(field),
      text: meaning(field),
    };
    const inner = recordInside(field, path);
    if (inner === undefined) return [line];
    return [line, ...fieldLines(inner.record.fields, inner.record.shorthand_fields, `${inner.path}.`)];
  });
  return [
    ...own,
    ...Object.entries(shorthands ?? {}).map(([name, shorthand]) => shorthandLine(name, shorthand, prefix)),
  ];
}

function shorthandLine(name: string, { type, deprecation }: Shorthand, prefix: string): FieldLine {
  const instead = (deprecation?.replaced_with ?? []).map((path) => code(prefix + path)).join(', ');
  const text = deprecation === undefined ? 'Stands for other fields.' : `Deprecated: use ${instead}.`;
  return { name: prefix + name, type: type === 'string' ? 'text' : type, value: '', isMandatory: false, text };
}

/** The record that a field is or holds, and how its fields are reached: `rules[].name`, `services.*.url`. */
function recordInside(field: Field, path: string): { record: RecordField; path: string } | undefined {
  switch (field.type) {
    case 'record':
      return { record: field, path };
    case 'array':
    case 'set':
      return recordInside(field.elements, `${path}[]`);
    case 'map':
      return recordInside(field.values, `${path}.*`);
    default:
      return undefined;
  }
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const code = (value: JsonLiteral): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const fence = text.includes('`') ? '``' : '`';
  return text === '' ? '`""`' : `${fence}${text}${fence}`;
};

export function typeText(field: Field): string {
  switch (field.type) {
    case 'array':
      return `list of ${typeText(field.elements)}`;
    case 'set':
      return `set of ${typeText(field.elements)}`;
    case 'map':
      return `map of ${typeText(field.values)}`;
    case 'foreign':
      return `one of the ${field.reference}`;
    case 'string':
      return field.uuid === true ? 'UUID' : 'text';
    default:
      return field.type;
  }
}

function defaultText(field: Field): string {
  if (field.default !== undefined && field.default !== null) return code(field.default);
  return field.auto === true ? 'made by the gateway' : '';
}

/** The description, then what values are allowed. */
export function meaning(field: Field): string {
  const parts = [field.description ?? '', ...rules(field, '')];
  if (field.eq !== undefined) parts.push(field.eq === null ? 'Must not be set.' : `Must be ${code(field.eq)}.`);
  if (field.ne !== undefined && field.ne !== null) parts.push(`Must not be ${code(field.ne)}.`);
  if (field.unique === true) parts.push('Unique.');
  if (field.immutable === true) parts.push('Cannot be changed later.');
  if (field.encrypted === true) parts.push('A secret: masked in everything gwctl prints.');
  if (field.referenceable === true) parts.push('May be a reference to a vault.');
  if (field.deprecation !== undefined) parts.push(`Deprecated: ${field.deprecation.message}`);
  return parts.filter((part) => part !== '').join(' ');
}

function rules(field: Field, subject: string): string[] {
  switch (field.type) {
    case 'array':
    case 'set':
      return [
        ...lengthRules(field, 'items'),
        ...(field.elements.type === 'record' ? [] : rules(field.elements, 'Each: ')),
      ];
    case 'map':
      return [
        ...lengthRules(field, 'entries'),
        ...rules(field.keys, 'Keys: '),
        ...(field.values.type === 'record' ? [] : rules(field.values, 'Values: ')),
      ];
    case 'string':
      return sentences(stringRules(field), subject);
    case 'number':
    case 'integer': {
      const found: string[] = [];
      if (field.one_of !== undefined) found.push(`one of ${list(field.one_of)}`);
      if (field.between !== undefined) found.push(`from ${field.between[0]} to ${field.between[1]}`);
      if (field.gt !== undefined) found.push(`above ${field.gt}`);
      return sentences(found, subject);
    }
    default:
      return [];
  }
}

function stringRules(field: StringField): string[] {
  const found: string[] = [];
  if (field.one_of !== undefined) found.push(`one of ${list(field.one_of)}`);
  if (field.not_one_of !== undefined) found.push(`not one of ${list(field.not_one_of)}`);
  if (field.starts_with !== undefined) found.push(`starts with ${code(field.starts_with)}`);
  if (field.is_regex === true) found.push('a regular expression');
  for (const pattern of [field.match, ...(field.match_all ?? []).map((item) => item.pattern)]) {
    if (pattern !== undefined) found.push(`matches ${code(pattern.source)}`);
  }
  const any = field.match_any?.patterns ?? [];
  if (any.length > 0) found.push(`matches one of ${list(any.map((pattern) => pattern.source))}`);
  for (const pattern of [field.not_match, ...(field.match_none ?? []).map((item) => item.pattern)]) {
    if (pattern !== undefined) found.push(`does not match ${code(pattern.source)}`);
  }
  return [...found, ...lengths(field, 'bytes')];
}

const lengthRules = (field: Parameters<typeof lengths>[0], unit: string): string[] =>
  sentences(lengths(field, unit), '');

function lengths(field: { len_eq?: number; len_min?: number; len_max?: number }, unit: string): string[] {
  if (field.len_eq !== undefined) return [`${field.len_eq} ${unit}`];
  const found: string[] = [];
  if (field.len_min !== undefined && field.len_min > 1) found.push(`at least ${field.len_min} ${unit}`);
  if (field.len_min === 1 && unit !== 'bytes') found.push('not empty');
  if (field.len_min === 0 && unit === 'bytes') found.push('may be empty');
  if (field.len_max !== undefined) found.push(`at most ${field.len_max} ${unit}`);
  return found;
}

const list = (values: readonly (string | number)[]): string => values.map(code).join(', ');

/** One sentence of several rules. */
function sentences(found: readonly string[], subject: string): string[] {
  if (found.length === 0) return [];
  const text = found.join('; ');
  return [subject === '' ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : `${subject}${text}.`];
}

/** What must hold between fields, a line each; checks that are code and say nothing of themselves are left out. */
export function checkLines(checks: readonly EntityCheck[]): string[] {
  return checks.flatMap(checkText);
}

function checkText(check: EntityCheck): string[] {
  switch (check.check) {
    case 'at_least_one_of':
      return [`At least one of ${list(check.fields)} is set.`];
    case 'only_one_of':
      return [`Exactly one of ${list(check.fields)} is set.`];
    case 'distinct':
      return [`${list(check.fields)} differ.`];
    case 'mutually_required':
      return [`All of ${list(check.fields)} are set, or none.`];
    case 'mutually_exclusive':
      return [`At most one of ${list(check.fields)} is set.`];
    case 'conditional':
      return conditional(check);
    case 'conditional_at_least_one_of':
      return conditionalAny(check);
    case 'custom_entity_check':
      return [];
  }
}

function conditional(check: Extract<EntityCheck, { check: 'conditional' }>): string[] {
  const when = matcherText(check.if_match);
  const then = matcherText(check.then_match);
  if (when === undefined || then === undefined) return [];
  return [`When ${code(check.if_field)} ${when}, ${code(check.then_field)} ${then}.`];
}

function conditionalAny(check: Extract<EntityCheck, { check: 'conditional_at_least_one_of' }>): string[] {
  const lines: string[] = [];
  const say = (matcher: Matcher | undefined, fields: readonly string[] | undefined): void => {
    const when = matcher === undefined ? undefined : matcherText(matcher);
    if (when === undefined || fields === undefined) return;
    lines.push(`When ${code(check.if_field)} ${when}, at least one of ${list(fields)} is set.`);
  };
  say(check.if_match, check.then_at_least_one_of);
  say(check.else_match, check.else_then_at_least_one_of);
  return lines;
}

/** What a matcher asks for, as the end of a sentence; undefined when it is code. */
function matcherText(matcher: Matcher): string | undefined {
  if (matcher.eq === null) return 'is not set';
  if (matcher.ne === null) return 'is set';
  if (matcher.eq !== undefined) return `is ${code(matcher.eq)}`;
  if (matcher.ne !== undefined) return `is not ${code(matcher.ne)}`;
  if (matcher.one_of !== undefined) return `is one of ${list(matcher.one_of)}`;
  if (matcher.not_one_of !== undefined) return `is none of ${list(matcher.not_one_of)}`;
  if (matcher.match !== undefined) return `matches ${code(matcher.match.source)}`;
  if (matcher.gt !== undefined) return `is above ${matcher.gt}`;
  if (matcher.contains !== undefined) return `has ${code(matcher.contains)}`;
  if (matcher.len_eq === 0) return 'is empty or not set';
  if (matcher.len_min !== undefined && matcher.len_min > 0) return 'is not empty';
  if (matcher.elements?.type === 'string') {
    if (matcher.elements.one_of !== undefined) return `has only ${list(matcher.elements.one_of)}`;
    if (matcher.elements.not_one_of !== undefined) return `has none of ${list(matcher.elements.not_one_of)}`;
  }
  return matcher.required === true ? 'is set' : undefined;
}
