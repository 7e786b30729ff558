// Places in a state file: re-reads the text with the `yaml` package, which keeps positions, and answers where the value or
// the key of a path stands. Slow on large files, so it is only used once something is wrong.
import type { Document, LineCounter, Node, Pair, YAMLMap } from 'yaml';
import type { Path } from './diagnostics.ts';
import { SCALAR_TAGS } from './yaml-words.ts';

export interface Locator {
  /** Offset of the key or value at `path`, or of the nearest thing above it that exists. */
  offsetOf(path: Path, at: 'key' | 'value'): number;
  /** The same as line and column, both from 1. */
  positionOf(path: Path, at: 'key' | 'value'): { line: number; column: number };
  /** What the reader itself has against the text. */
  readonly syntaxErrors: readonly { readonly offset: number; readonly message: string; readonly code: string }[];
  toJs(): unknown;
}

export async function createLocator(text: string): Promise<Locator> {
  const yaml = await import('yaml');
  const lines: LineCounter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    version: '1.2',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: false,
    logLevel: 'error',
    customTags: (tags) => [...SCALAR_TAGS, ...tags] as never,
  }) as Document.Parsed;
  return {
    offsetOf: (path, at) => offsetOf(yaml, document, path, at),
    positionOf: (path, at) => {
      const { line, col } = lines.linePos(offsetOf(yaml, document, path, at));
      return { line, column: col };
    },
    syntaxErrors: document.errors.map((error) => ({ offset: error.pos[0], message: error.message, code: error.code })),
    toJs: () => document.toJS({ maxAliasCount: 10_000 }),
  };
}

type Yaml = typeof import('yaml');

function offsetOf(yaml: Yaml, document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [i, step] of path.entries()) {
    if (yaml.isAlias(node)) node = node.resolve(document) ?? null;
    if (yaml.isMap(node)) {
      const pair = findPair(yaml, document, node, String(step));
      if (pair === undefined) return offset;
      const value = (pair.value ?? null) as Node | null;
      const keyOffset = startOf(pair.key as Node) ?? offset;
      offset = i === path.length - 1 && at === 'key' ? keyOffset : (startOf(value) ?? keyOffset);
      node = value;
    } else if (yaml.isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) return offset;
      offset = startOf(item) ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}

const startOf = (node: Node | null | undefined): number | undefined => node?.range?.[0];

function findPair(yaml: Yaml, document: Document.Parsed, map: YAMLMap, key: string): Pair | undefined {
  const named = (pair: Pair): string => String(yaml.isScalar(pair.key) ? pair.key.value : pair.key);
  const own = map.items.find((pair) => named(pair) === key);
  if (own !== undefined) return own;
  for (const pair of map.items) {
    if (named(pair) !== '<<') continue;
    const merged = yaml.isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
    if (yaml.isMap(merged)) {
      const found = findPair(yaml, document, merged, key);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
