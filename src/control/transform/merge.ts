// Several state files become one: lists at the top are put one after the other, any other key of a later file replaces that
// of an earlier one. Only what the files say of their own format is compared; nothing else is judged.
import { isNode, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml';
import type { Problem } from '../file/diagnostics.ts';
import { isTemplate } from './templates.ts';
import { rootOf, setIn, type Tree, textOf } from './tree.ts';

const VERSION = '_format_version';
const TRANSFORM = '_transform';

export type Merged =
  | { readonly ok: true; readonly tree: Tree }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Puts the later trees into the first one. */
export function mergeTrees([first, ...others]: readonly [Tree, ...Tree[]]): Merged {
  const all = [first, ...others];
  const problems = all.flatMap((tree) => [...checkVersion(tree), ...compare(first, tree)]);
  if (problems.length > 0) return { ok: false, problems };
  const versions = all.map(versionOf).filter((version) => version !== undefined);
  const target = rootOf(first);
  for (const tree of others) {
    for (const pair of rootOf(tree).items) put(target, pair as Pair);
    keepComments(first, tree);
  }
  if (versions.length > 0) {
    const minor = Math.max(...versions.map((version) => version.minor));
    const text = `${versions[0]!.major}.${minor}`;
    if (textOf(target.get(VERSION)) !== text) setIn(first, target, VERSION, text);
  }
  return { ok: true, tree: first };
}

function put(target: YAMLMap, pair: Pair): void {
  const key = textOf(pair.key);
  const before = target.items.find((item) => textOf(item.key) === key);
  if (before === undefined) {
    target.items.push(pair as never);
    return;
  }
  const [earlier, later] = [before.value as unknown, pair.value];
  // What is the same keeps what is said beside it.
  if (isScalar(earlier) && isScalar(later) && earlier.value === later.value) {
    later.comment = later.comment ?? earlier.comment ?? null;
  }
  if (!isSeq(earlier) || !isSeq(later)) {
    before.value = later as never;
    const [kept, added] = [before.key, pair.key] as unknown[];
    if (isNode(kept) && isNode(added)) kept.commentBefore = joined([kept.commentBefore, added.commentBefore]);
    return;
  }
  const [head] = later.items;
  // What was written above the key or its first entry belongs to that entry now.
  const above = isNode(pair.key) ? pair.key.commentBefore : undefined;
  if (isNode(head)) head.commentBefore = joined([above, later.commentBefore, head.commentBefore]);
  earlier.items.push(...later.items);
  if (later.flow !== true) earlier.flow = false;
}

const joined = (comments: readonly (string | null | undefined)[]): string => comments.filter((text) => text).join('\n');

/** Comments at the top and the end of a later file: they follow what is already there. */
function keepComments(first: Tree, tree: Tree): void {
  const { commentBefore, contents, comment } = tree.document;
  first.document.comment = joined([first.document.comment, commentBefore, contents?.commentBefore, comment]) || null;
}

function versionOf(tree: Tree): { major: number; minor: number } | undefined {
  const version = rootOf(tree).get(VERSION);
  // YAML reads an unquoted 3.0 as the number 3.
  const match = /^(\d+)(?:\.(\d+))?$/.exec(String(version ?? ''));
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2] ?? 0) };
}

function checkVersion(tree: Tree): Problem[] {
  const value = rootOf(tree).get(VERSION);
  // A template is for whoever reads the merged file.
  if (value === undefined || versionOf(tree) !== undefined || isTemplate(value)) return [];
  return [{ source: tree.source, path: [VERSION], message: `'${VERSION}' must be a text such as "3.0"` }];
}

function compare(first: Tree, tree: Tree): Problem[] {
  const problems: Problem[] = [];
  const report = (key: string, message: string): void => {
    problems.push({ source: tree.source, path: [key], message, other: { source: first.source, path: [key] } });
  };
  const [a, b] = [versionOf(first), versionOf(tree)];
  if (a !== undefined && b !== undefined && a.major !== b.major) {
    report(VERSION, `format version ${b.major}.${b.minor} cannot be merged with ${a.major}.${a.minor}`);
  }
  if (isTransformed(first) !== isTransformed(tree)) {
    report(TRANSFORM, "files with '_transform: true' (the default) and '_transform: false' cannot be merged");
  }
  return problems;
}

const isTransformed = (tree: Tree): boolean => {
  const value = rootOf(tree).get(TRANSFORM);
  return (isScalar(value) ? value.value : value) !== false;
};
