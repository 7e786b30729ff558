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

/** What runs of a ruleset that another one extends: what it recommends (all but `recommended: false`), everything, or nothing. */
const MODES = ['recommended', 'all', 'off'] as const;
type Mode = (typeof MODES)[number];

export interface Ruleset {
  readonly source: SourceText;
  readonly content: JsonObject;
  /** Rulesets in other files, in the order in which they are named. */
  readonly extended: readonly { readonly ruleset: Ruleset; readonly mode: Mode }[];
}

export type Extension = { readonly file: string; readonly mode: Mode };

/** The files that a ruleset extends, as it names them: `extends: base.yaml`, or a list of names or of `[name, mode]`. */
export function readExtends(
  source: SourceText,
  content: JsonObject,
): { extensions: readonly Extension[]; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const written = content['extends'];
  const extensions = listOf(written).flatMap((item, i): Extension[] => {
    const [file, mode = 'recommended'] = Array.isArray(item) ? item : [item];
    const known = isOff(mode) ? 'off' : MODES.find((one) => one === mode);
    const path = Array.isArray(written) ? ['extends', i] : ['extends'];
    if (typeof file === 'string' && known !== undefined && !/^[a-z]+:/.test(file)) return [{ file, mode: known }];
    const message = `${JSON.stringify(item)} cannot be extended: only rulesets in files can`;
    problems.push({ source, path, message, expected: `a file name, or [file, ${MODES.join('|')}]` });
    return [];
  });
  return { extensions, problems };
}

export function parseRuleset(ruleset: Ruleset): ParsedRuleset {
  const problems: Problem[] = [];
  const rules: Rule[] = [];
  for (const [name, { source, definition, aliases, isOn }] of collect(ruleset, 'recommended', problems).rules) {
    const report: Report = (path, message, more = {}) => {
      problems.push({ source, path, message, ...more });
    };
    const rule = isOn ? parseRule(name, definition, ['rules', name], aliases, report) : undefined;
    if (rule !== undefined) rules.push(rule);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rules };
}

/** A rule as it is written, and whether it is to run. */
interface Written {
  readonly source: SourceText;
  readonly definition: JsonObject;
  readonly aliases: JsonObject;
  readonly isOn: boolean;
}

/** The rules of a ruleset over those that it extends: it may switch them, give them a severity, or change some of their keys. */
function collect(
  { source, content, extended }: Ruleset,
  mode: Mode,
  problems: Problem[],
): { rules: Map<string, Written>; aliases: JsonObject } {
  const below = extended.map((one) => collect(one.ruleset, mode === 'off' ? mode : one.mode, problems));
  const rules = new Map(below.flatMap((one) => [...one.rules]));
  const own = isObject(content['aliases']) ? content['aliases'] : {};
  const aliases: JsonObject = Object.assign({}, ...below.map((one) => one.aliases), own);
  for (const key of ['overrides', 'functions']) {
    if (content[key] !== undefined) problems.push({ source, path: [key], message: `'${key}' are not supported` });
  }
  const written = content['rules'] ?? (extended.length > 0 ? {} : undefined);
  if (!isObject(written)) {
    const expected = 'rules: {my-rule: {given: …, then: …}}';
    problems.push({ source, path: ['rules'], message: "'rules' must be a mapping of names", expected });
    return { rules, aliases };
  }
  for (const [name, value] of Object.entries(written)) {
    const before = rules.get(name);
    if (isObject(value)) {
      const isOn = mode === 'all' || (mode === 'recommended' && value['recommended'] !== false);
      rules.set(name, { source, definition: { ...before?.definition, ...value }, aliases, isOn });
    } else if (isOff(value)) {
      if (before !== undefined) rules.set(name, { ...before, isOn: false });
    } else if (before === undefined) {
      const expected = '{given: …, severity: …, then: {function: …}}';
      problems.push({ source, path: ['rules', name], message: 'a rule must be a mapping', expected });
    } else {
      const definition = value === true ? before.definition : { ...before.definition, severity: value };
      rules.set(name, { ...before, source, definition, isOn: mode !== 'off' });
    }
  }
  return { rules, aliases };
}

/** YAML reads the plain word as a boolean. */
const isOff = (value: Json): boolean => value === 'off' || value === false || value === -1;

function parseRule(name: string, value: JsonObject, path: Path, aliases: JsonObject, report: Report): Rule | undefined {
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

/** `#Routes.name` → the paths of the alias with `.name` behind each; they may begin with an alias themselves. */
function expand(given: Json, aliases: JsonObject, above: readonly string[] = []): Json[] {
  const [, name, rest = ''] = typeof given === 'string' ? (/^#([A-Za-z0-9_-]+)(.*)$/s.exec(given) ?? []) : [];
  if (name === undefined) return [given];
  if (above.includes(name) || !Object.hasOwn(aliases, name)) return [];
  return pathsOf(aliases[name])
    .filter((item) => typeof item === 'string')
    .flatMap((item) => expand(`${item}${rest}`, aliases, [...above, name]));
}

/** An alias is a path, a list of them, or `{targets: [{given: …}]}`. */
function pathsOf(alias: Json | undefined): Json[] {
  if (!isObject(alias)) return listOf(alias);
  const { targets } = alias;
  return listOf(targets).flatMap((target) => (isObject(target) ? listOf(target['given']) : []));
}

function parseSeverity(value: Json | undefined, path: Path, report: Report): Severity | 'off' {
  if (value === undefined || value === null) return 'warn';
  if (isOff(value)) return 'off';
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
