// Regular expressions as they stand in selectors and rules. Go's users put flags in front, `(?i)^a`, which JavaScript does not
// read there.

export interface RegexOptions {
  readonly flags?: string;
  /** What of a text it has to match; default anywhere. */
  readonly extent?: 'anywhere' | 'whole';
}

/** Undefined when it is none. */
export function readRegex(source: string, { flags = '', extent = 'anywhere' }: RegexOptions = {}): RegExp | undefined {
  const [, own = '', body = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? [];
  const known = [...new Set(flags + own)].filter((flag) => 'ims'.includes(flag)).join('');
  // Older ones escape more than the strict reading allows.
  for (const mode of ['u', '']) {
    try {
      return new RegExp(extent === 'whole' ? `^(?:${body})$` : body, known + mode);
    } catch {
      // The other reading may take it.
    }
  }
  return undefined;
}
