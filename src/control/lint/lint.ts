// Runs rules over a file: each rule's paths, each thing they find, each check. Answers what is wrong with its place in the
// text, in the order of the text.
import { isObject, type Json } from '../../lib/json.ts';
import type { Path } from '../file/diagnostics.ts';
import { createLocator } from '../file/locate.ts';
import { findPlaces } from '../transform/select.ts';
import { jsonOf, type Tree } from '../transform/tree.ts';
import type { Finding } from './functions.ts';
import { type Check, type Rule, SEVERITIES, type Severity } from './ruleset.ts';

export interface Violation {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where the rule looks, and where it found something. */
  readonly given: string;
  readonly location: string;
}

export const isAtLeast = (severity: Severity, limit: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(limit);

export async function lintTree(tree: Tree, rules: readonly Rule[]): Promise<Violation[]> {
  const value = withTemplates(jsonOf(tree), (text) => tree.templates.putBack(text, 'yaml'));
  const locator = await createLocator(tree.text);
  const violations: Violation[] = [];
  for (const rule of rules) {
    for (const given of rule.given) {
      for (const place of placesOf(given, value)) {
        for (const { message, path } of runChecks(rule, place, value)) {
          violations.push({
            rule: rule.name,
            severity: rule.severity,
            message,
            file: tree.source.name,
            ...locator.positionOf(path, place.at),
            given,
            location: describePath(path),
          });
        }
      }
    }
  }
  return violations.sort(
    (a, b) => a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0),
  );
}

interface Place {
  readonly path: Path;
  readonly value: Json;
  readonly at: 'key' | 'value';
}

/** A `~` at the end means the keys of what is found, not the values. */
function placesOf(given: string, value: Json): Place[] {
  const isKey = given.endsWith('~');
  return findPlaces(isKey ? given.slice(0, -1) : given, value).map((place) =>
    isKey ? { path: place.path, value: String(place.path.at(-1) ?? ''), at: 'key' } : { ...place, at: 'value' },
  );
}

function runChecks(rule: Rule, place: Place, file: Json): { message: string; path: Path }[] {
  return rule.checks.flatMap((check) =>
    targetsOf(check, place).flatMap(({ path, value }) =>
      check.run(value, file).map((finding) => {
        const at = [...path, ...finding.path];
        return { message: messageOf(rule, finding, at, value), path: at };
      }),
    ),
  );
}

function targetsOf({ field }: Check, { path, value }: Place): { path: Path; value: Json | undefined }[] {
  if (field === undefined) return [{ path, value }];
  if (field === '@key')
    return isObject(value) ? Object.keys(value).map((key) => ({ path: [...path, key], value: key })) : [];
  if (typeof value !== 'object' || value === null) return [];
  if (field.startsWith('$'))
    return findPlaces(field, value).map((place) => ({ path: [...path, ...place.path], value: place.value }));
  // A key may hold dots itself; otherwise they lead further down, as `[0]` does into a list.
  const isKey = isObject(value) && Object.hasOwn(value, field);
  const steps: (string | number)[] = [];
  let current: Json | undefined = value;
  for (const name of isKey ? [field] : field.split(/[.[\]'"]+/).filter(Boolean)) {
    const step: string | number = Array.isArray(current) ? Number(name) : name;
    steps.push(step);
    if (Array.isArray(current)) current = current[Number(step)];
    else current = isObject(current) && Object.hasOwn(current, name) ? current[name] : undefined;
  }
  return [{ path: [...path, ...steps], value: current }];
}

function messageOf(rule: Rule, finding: Finding, path: Path, value: Json | undefined): string {
  const property = String(path.findLast((step) => typeof step === 'string') ?? 'the file');
  const error = `"${property}" ${finding.message}`;
  const words: Readonly<Record<string, string>> = {
    error,
    path: describePath(path),
    property,
    value: typeof value === 'object' ? JSON.stringify(value) : String(value),
    description: rule.description ?? '',
  };
  const template = rule.message ?? rule.description ?? '{{error}}';
  return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, word: string) => words[word] ?? whole);
}

const describePath = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return /^[A-Za-z_]\w*$/.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`;
  }, '$');

function withTemplates(value: Json, putBack: (text: string) => string): Json {
  if (typeof value === 'string') return putBack(value);
  if (Array.isArray(value)) return value.map((item) => withTemplates(item, putBack));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTemplates(item, putBack)]));
}
