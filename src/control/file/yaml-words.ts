// The plain words that state files mean as booleans and integers. The tools that write such files use YAML 1.1: yes, no, on
// and off are booleans, a leading zero makes an octal number, `_` may part digits. All YAML readers share these tables, so
// they cannot disagree.

export const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map(
  Object.entries({ true: true, yes: true, on: true, false: false, no: false, off: false }).flatMap(([word, value]) => [
    [word, value],
    [word[0]!.toUpperCase() + word.slice(1), value],
    [word.toUpperCase(), value],
  ]),
);

/** `010` and `0o10` are 8, `0x1F` is 31, `1_000` is 1000; `08` is no octal number, and so a decimal one. */
export const INTEGER = /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7]+|[0-9][0-9_]*)$/;

/** The value of a word that `INTEGER` matches; undefined when there is nothing but signs and `_` behind the prefix. */
export function readInteger(word: string): number | undefined {
  const digits = word.replace(/^[-+]/, '').replaceAll('_', '');
  const octal = /^0o?([0-7]+)$/.exec(digits)?.[1];
  const value = Number(octal === undefined ? digits : `0o${octal}`);
  if (!Number.isFinite(value)) return undefined;
  // A minus before nothing is no number of its own kind.
  return word.startsWith('-') && value !== 0 ? -value : value;
}

/** The same tables for the `yaml` package. A word that nobody changed is written as it was read. */
export const SCALAR_TAGS = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true as const,
    identify: (value: unknown) => typeof value === 'boolean',
    test: new RegExp(`^(?:${[...BOOLEAN_WORDS.keys()].join('|')})$`),
    resolve: (word: string) => BOOLEAN_WORDS.get(word) ?? word,
    stringify: ({ source, value }: Word) =>
      source !== undefined && BOOLEAN_WORDS.get(source) === value ? source : String(value),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true as const,
    identify: (value: unknown) => Number.isSafeInteger(value),
    test: INTEGER,
    resolve: (word: string) => readInteger(word) ?? word,
    stringify: ({ source, value }: Word) =>
      source !== undefined && INTEGER.test(source) && readInteger(source) === value ? source : String(value),
  },
];

interface Word {
  readonly source?: string;
  readonly value?: unknown;
}
