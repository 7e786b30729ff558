// What a request has to fulfil beside host and path. Methods and SNIs are compared as sent; header names with `-` and `_`
// alike, header values without case; and server names only count on encrypted connections.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { compilePattern } from '../../lib/regex.ts';
import type { RouteInput } from './router.ts';

export interface HeaderRule {
  /** The name with underscores, and with dashes. The first that the request has counts. */
  readonly names: readonly [string, string];
  /** Lower case. */
  readonly values: ReadonlySet<string>;
  readonly patterns: readonly RegExp[];
}

export type HeaderRules =
  | { readonly ok: true; readonly rules: readonly HeaderRule[] }
  | { readonly ok: false; readonly reason: string };

const PATTERN_MARK = '~*';
/** A longer value is matched by no pattern: these are not anchored, which costs one more factor of the length. */
const MAX_PATTERN_SUBJECT = 1024;

export function compileHeaderRules(
  headers: Readonly<Record<string, readonly string[]>> | null | undefined,
): HeaderRules {
  const rules: HeaderRule[] = [];
  for (const [name, values] of Object.entries(headers ?? {})) {
    const literal = new Set<string>();
    const patterns: RegExp[] = [];
    for (const value of values) {
      const text = utf8ToBytes(value).toLowerCase();
      if (!text.startsWith(PATTERN_MARK)) {
        literal.add(text);
        continue;
      }
      const compiled = compilePattern(text.slice(PATTERN_MARK.length), { lookaround: false });
      if (!compiled.ok) return { ok: false, reason: `header ${name}: ${compiled.reason}` };
      patterns.push(compiled.regex);
    }
    const lower = name.toLowerCase();
    rules.push({ names: [lower.replaceAll('-', '_'), lower.replaceAll('_', '-')], values: literal, patterns });
  }
  return { ok: true, rules };
}

export function headersFit(rules: readonly HeaderRule[], headers: RouteInput['headers']): boolean {
  for (const rule of rules) {
    const [underscored, dashed] = rule.names;
    let values = headers.getAll(underscored);
    if (values.length === 0 && dashed !== underscored) values = headers.getAll(dashed);
    if (!values.some((value) => valueFits(rule, value.toLowerCase()))) return false;
  }
  return true;
}

function valueFits(rule: HeaderRule, value: string): boolean {
  if (rule.values.has(value)) return true;
  return value.length <= MAX_PATTERN_SUBJECT && rule.patterns.some((pattern) => pattern.test(value));
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
