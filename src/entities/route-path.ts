// What a route path may look like: a normalised prefix, or `~` and a regular expression that this gateway can run safely.
// Before format version 3.0 of state files nothing marked a regular expression: its characters gave it away.
import { utf8ToBytes } from '../lib/byte-text.ts';
import { compilePattern, type PatternOptions } from '../lib/regex.ts';
import { normalise } from '../lib/uri.ts';
import { checkPercent } from '../schema/formats.ts';

export const checkRoutePath = (text: string): string | undefined => checkPath(text, { lookaround: false });

/** The traditional router's expressions may look around. */
export const checkTraditionalPath = (text: string): string | undefined => checkPath(text, { lookaround: true });

function checkPath(text: string, options: PatternOptions): string | undefined {
  if (text.startsWith('~')) {
    const compiled = compilePattern(utf8ToBytes(text.slice(1)), options);
    return compiled.ok ? undefined : `invalid regex: '${text.slice(1)}' (${compiled.reason})`;
  }
  const percent = checkPercent(text);
  if (percent !== undefined) return percent;
  const normal = normalise(text, true);
  return normal === text ? undefined : `non-normalized path, consider use '${normal}' instead`;
}

/** Has it a character that no plain path has? */
export const looksLikeRegex = (path: string): boolean => NOT_PLAIN.test(path);

const NOT_PLAIN = /[^A-Za-z0-9._~/%-]/;

/** A path of a file of format version 1.1 or 2.1, as 3.0 writes it. */
export function upgradePath(path: string): string {
  if (path.startsWith('~')) return path;
  return looksLikeRegex(path) ? `~${path}` : normalise(path, true);
}
