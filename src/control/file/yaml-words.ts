// The plain words that state files mean as booleans: those of YAML 1.2 and, as the tools that write such files use YAML
// 1.1, also yes, no, on and off. Both YAML readers of this folder share the table, so they cannot disagree.

export const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map(
  Object.entries({ true: true, yes: true, on: true, false: false, no: false, off: false }).flatMap(([word, value]) => [
    [word, value],
    [word[0]!.toUpperCase() + word.slice(1), value],
    [word.toUpperCase(), value],
  ]),
);
