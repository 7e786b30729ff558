// What a request has to fulfil beside host and path. Methods and SNIs are compared as sent; header names with `-` and `_`
// alike, header values without case; and server names only count on encrypted connections.
import { compileHeaderPattern, compileLonePattern, isHeaderPattern } from '../../entities/route-header.ts';
import { lowerBytes, utf8ToBytes } from '../../lib/byte-text.ts';
import type { Need } from './leaf.ts';
import type { RequestFields } from './request-fields.ts';

export interface HeaderRule {
  /** The name with underscores, and with dashes. The first that the request has counts. */
  readonly names: readonly [string, string];
  /** Lower case. */
  readonly values: readonly string[];
  readonly patterns: readonly RegExp[];
}

export type HeaderRules =
  | { readonly ok: true; readonly rules: readonly HeaderRule[]; readonly needs: readonly Need[] }
  | { readonly ok: false; readonly reason: string };

/** A longer value is matched by no pattern: these are not anchored, which costs one more factor of the length. */
const MAX_PATTERN_SUBJECT = 1024;

/** Which values are patterns: each that is marked, or only one that stands alone. */
export type PatternValues = 'each' | 'alone';

export function compileHeaderRules(
  headers: Readonly<Record<string, readonly string[]>> | null | undefined,
  patternValues: PatternValues = 'each',
): HeaderRules {
  if (headers === null || headers === undefined) return NO_RULES;
  const rules: HeaderRule[] = [];
  const needs: Need[] = [];
  for (const [name, values] of Object.entries(headers)) {
    const literal: string[] = [];
    const patterns: RegExp[] = [];
    const mayBePattern = patternValues === 'each' || values.length === 1;
    const compile = patternValues === 'each' ? compileHeaderPattern : compileLonePattern;
    for (const value of values) {
      const text = utf8ToBytes(value);
      if (!mayBePattern || !isHeaderPattern(text)) {
        literal.push(lowerBytes(text));
        continue;
      }
      const compiled = compile(text);
      if (!compiled.ok) return { ok: false, reason: `header ${name}: ${compiled.reason}` };
      patterns.push(compiled.regex);
    }
    const lower = name.toLowerCase();
    const names = [lower.replaceAll('-', '_'), lower.replaceAll('_', '-')] as const;
    rules.push({ names, values: literal, patterns });
    if (patterns.length === 0) needs.push(headerNeed(names, literal));
  }
  return { ok: true, rules, needs };
}

const NO_RULES: HeaderRules = { ok: true, rules: [], needs: [] };

const headerNeed = ([underscored, dashed]: HeaderRule['names'], values: readonly string[]): Need => ({
  name: `lower http.headers.${underscored}`,
  read: (fields) => fields.loweredHeaderValues(underscored, dashed),
  values,
});

export function headersFit(rules: readonly HeaderRule[], fields: RequestFields): boolean {
  for (const rule of rules) {
    if (!someFits(rule, fields.loweredHeaderValues(rule.names[0], rule.names[1]))) return false;
  }
  return true;
}

function someFits({ values, patterns }: HeaderRule, found: readonly string[]): boolean {
  for (const value of found) {
    if (values.includes(value)) return true;
    if (patterns.length === 0 || value.length > MAX_PATTERN_SUBJECT) continue;
    for (const pattern of patterns) if (pattern.test(value)) return true;
  }
  return false;
}

/** `*` may stand at either end. A trailing dot means nothing. */
export const compileSni = (sni: string): string => (sni.endsWith('.') ? sni.slice(0, -1) : sni);

export function sniFits(rules: readonly string[], sni: string | undefined): boolean {
  if (sni === undefined || sni === '') return false;
  return rules.some((rule) => {
    if (rule.startsWith('*')) return sni.endsWith(rule.slice(1));
    return rule.endsWith('*') ? sni.startsWith(rule.slice(0, -1)) : sni === rule;
  });
}
