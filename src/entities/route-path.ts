// What a route path may look like: a normalised prefix, or `~` and a regular expression that this gateway can run safely.
import { compilePattern, type PatternOptions } from '../lib/regex.ts';
import { normalise } from '../lib/uri.ts';
import { checkPercent } from '../schema/formats.ts';

export const checkRoutePath = (text: string): string | undefined => checkPath(text, { lookaround: false });

/** The traditional router's expressions may look around. */
export const checkTraditionalPath = (text: string): string | undefined => checkPath(text, { lookaround: true });

function checkPath(text: string, options: PatternOptions): string | undefined {
  if (text.startsWith('~')) {
    const compiled = compilePattern(text.slice(1), options);
    return compiled.ok ? undefined : `invalid regex: '${text.slice(1)}' (${compiled.reason})`;
  }
  const percent = checkPercent(text);
  if (percent !== undefined) return percent;
  const normal = normalise(text, true);
  return normal === text ? undefined : `non-normalized path, consider use '${normal}' instead`;
}
