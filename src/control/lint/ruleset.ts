// A ruleset in the form of Spectral: rules by name, each saying where it looks (`given`), what must hold there (`then`) and how
// bad it is otherwise. What this program does not know is a mistake with a place, not something passed over.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { nearest, type Path, type Problem } from '../file/diagnostics.ts';
import type { SourceText } from '../file/sources.ts';
import { FUNCTIONS, type LintFunction } from './functions.ts';

export const SEVERITIES = ['hint', 'info', 'warn', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Check {
  /** Key below what `given` finds; `@key` for the keys themselves. */
  readonly field: string | undefined;
  readonly run: LintFunction;
}

export interface Rule {
  readonly name: string;
  readonly given: readonly string[];
  readonly severity: Severity;
  readonly message: string | undefined;
  readonly description: string | undefined;
  readonly checks: readonly Check[];
}

export type ParsedRuleset =
  | { readonly ok: true; readonly rules: readonly Rule[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Report = (path: Path, message: string, more?: { expected?: string; hint?: string }) => void;

/** Spectral also counts them, from the worst. */
const BY_NUMBER: readonly Severity[] = ['error', 'warn', 'info', 'hint'];

export function parseRuleset(source: SourceText, content: JsonObject): ParsedRuleset {
  const problems: Problem[] = [];
  const report: Report = (path, message, more = {}) => {
    problems.push({ source, path, message, ...more });
  };
  const extended = content['extends'];
  if (extended !== undefined && !(Array.isArray(extended) && extended.length === 0)) {
    report(['extends'], "'extends' is not supported: a ruleset has to hold its rules itself");
  }
  const written = content['rules'];
  if (!isObject(written))
    report(['rules'], "'rules' must be a mapping of names", { expected: 'rules: {my-rule: {given: …, then: …}}' });
  const rules: Rule[] = [];
  for (const [name, value] of Object.entries(isObject(written) ? written : {})) {
    if (value === false || value === 'off') continue;
    const rule = parseRule(name, value, ['rules', name], aliasesOf(content), report);
    if (rule !== undefined) rules.push(rule);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rules };
}

const aliasesOf = (content: JsonObject): JsonObject => (isObject(content['aliases']) ? content['aliases'] : {});

function parseRule(name: string, value: Json, path: Path, aliases: JsonObject, report: Report): Rule | undefined {
  if (!isObject(value)) {
    report(path, 'a rule must be a mapping', { expected: '{given: …, severity: …, then: {function: …}}' });
    return undefined;
  }
  const severity = parseSeverity(value['severity'], [...path, 'severity'], report);
  if (severity === 'off') return undefined;
  const given = listOf(value['given'])
    .flatMap((item) => expand(item, aliases))
    .filter((item) => typeof item === 'string');
  if (given.length === 0) report([...path, 'given'], "'given' must be a JSONPath, or a list of them");
  const steps = listOf(value['then']);
  const isList = Array.isArray(value['then']);
  const checks = steps.map((step, i) => parseCheck(step, isList ? [...path, 'then', i] : [...path, 'then'], report));
  if (steps.length === 0) report([...path, 'then'], "'then' must say which function decides");
  return {
    name,
    given,
    severity,
    message: textOf(value['message']),
    description: textOf(value['description']),
    checks: checks.filter((check) => check !== undefined),
  };
}

const listOf = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value.trim() : undefined);

/** `#Routes.name` → the paths of the alias with `.name` behind each. */
function expand(given: Json, aliases: JsonObject): Json[] {
  const match = typeof given === 'string' ? /^#([A-Za-z0-9_-]+)(.*)$/s.exec(given) : null;
  if (match === null) return [given];
  const alias = aliases[match[1]!];
  return listOf(alias)
    .filter((item) => typeof item === 'string')
    .map((item) => `${item}${match[2] ?? ''}`);
}

function parseSeverity(value: Json | undefined, path: Path, report: Report): Severity | 'off' {
  if (value === undefined || value === null) return 'warn';
  // YAML reads the plain word as a boolean.
  if (value === 'off' || value === false || value === -1) return 'off';
  const severity = typeof value === 'number' ? BY_NUMBER[value] : SEVERITIES.find((name) => name === value);
  if (severity === undefined)
    report(path, `unknown severity '${String(value)}'`, { expected: 'one of error, warn, info, hint, off' });
  return severity ?? 'warn';
}

function parseCheck(value: Json, path: Path, report: Report): Check | undefined {
  const name = isObject(value) ? value['function'] : undefined;
  if (!isObject(value) || typeof name !== 'string') {
    report(path, "'then' must name a function", { expected: `{function: ${Object.keys(FUNCTIONS).join('|')}}` });
    return undefined;
  }
  const make = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (make === undefined) {
    const near = nearest(name, Object.keys(FUNCTIONS));
    report([...path, 'function'], `unknown function '${name}'`, {
      expected: `one of ${Object.keys(FUNCTIONS).join(', ')}`,
      ...(near === undefined ? {} : { hint: `did you mean '${near}'?` }),
    });
    return undefined;
  }
  const options = isObject(value['functionOptions']) ? value['functionOptions'] : {};
  const made = make(options);
  if (typeof made === 'string') {
    report([...path, 'functionOptions'], made);
    return undefined;
  }
  return { field: textOf(value['field']), run: made };
}
