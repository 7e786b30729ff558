// The leaves that hang on one node of a path tree. A handful is tried one by one; more are filed by a value that a request
// must have for them (its method, a header …), so that a thousand routes with the same path cost no more than ten.
import { type Leaf, type Need, NO_NEEDS } from './leaf.ts';
import type { RequestFields } from './request-fields.ts';

export class LeafGroup<R> {
  /** By rank; empty once they are filed. */
  leaves: readonly Leaf<R>[];
  readonly bestRank: number;
  files: Files<R> | undefined = undefined;

  constructor(leaves: readonly Leaf<R>[]) {
    this.leaves = leaves;
    this.bestRank = leaves.length === 0 ? Number.POSITIVE_INFINITY : leaves[0]!.rank;
  }
}

interface Files<R> {
  readonly read: Need['read'];
  readonly byValue: ReadonlyMap<string, LeafGroup<R>>;
  /** Leaves that need nothing of this field. */
  readonly rest: LeafGroup<R> | undefined;
}

export const HANDFUL = 8;
const STEP = 500;

/** Files a group as long as that divides it; yields from time to time. */
export function* fileLeaves<R>(group: LeafGroup<R>, used: ReadonlySet<string> = new Set()): Generator<void, void> {
  const { leaves } = group;
  if (leaves.length <= HANDFUL) return;
  const need = yield* chooseNeed(leaves, used);
  if (need === undefined) return;
  const lists = new Map<string, Leaf<R>[]>();
  const rest: Leaf<R>[] = [];
  for (let i = 0; i < leaves.length; i++) {
    if (i % STEP === 0) yield;
    const leaf = leaves[i]!;
    const values = leaf.conditions?.needs.find(({ name }) => name === need.name)?.values;
    if (values === undefined) rest.push(leaf);
    else for (const value of values) addTo(lists, value, leaf);
  }
  const next = new Set(used).add(need.name);
  const byValue = new Map<string, LeafGroup<R>>();
  let count = 0;
  for (const [value, list] of lists) {
    if (++count % STEP === 0) yield;
    const part = new LeafGroup(list);
    byValue.set(value, part);
    if (list.length > HANDFUL) yield* fileLeaves(part, next);
  }
  const others = rest.length === 0 ? undefined : new LeafGroup(rest);
  if (others !== undefined) yield* fileLeaves(others, next);
  group.files = { read: need.read, byValue, rest: others };
  group.leaves = [];
}

function addTo<R>(lists: Map<string, Leaf<R>[]>, value: string, leaf: Leaf<R>): void {
  const list = lists.get(value);
  if (list === undefined) lists.set(value, [leaf]);
  else if (list[list.length - 1] !== leaf) list.push(leaf);
}

/** The field that most leaves need, if it tells some of them apart. */
function* chooseNeed<R>(leaves: readonly Leaf<R>[], used: ReadonlySet<string>): Generator<void, Need | undefined> {
  const counts = new Map<string, { need: Need; count: number; first: string; differs: boolean }>();
  for (let i = 0; i < leaves.length; i++) {
    if (i % STEP === 0) yield;
    for (const need of leaves[i]!.conditions?.needs ?? NO_NEEDS) {
      if (used.has(need.name) || need.values.length === 0) continue;
      const entry = counts.get(need.name);
      if (entry === undefined) {
        counts.set(need.name, { need, count: 1, first: need.values[0]!, differs: need.values.length > 1 });
        continue;
      }
      entry.count += 1;
      entry.differs ||= need.values.length > 1 || need.values[0] !== entry.first;
    }
  }
  let best: { need: Need; count: number } | undefined;
  for (const entry of counts.values()) {
    const divides = entry.differs || entry.count < leaves.length;
    if (divides && entry.count > HANDFUL / 2 && entry.count > (best?.count ?? 0)) best = entry;
  }
  return best?.need;
}

/** Calls `visit` with every list of leaves that may match. */
export function eachCandidateList<R>(
  group: LeafGroup<R>,
  fields: RequestFields,
  visit: (group: LeafGroup<R>) => void,
): void {
  const { files } = group;
  if (files === undefined) {
    visit(group);
    return;
  }
  const { read, byValue, rest } = files;
  const value = read(fields);
  if (typeof value === 'string') {
    const found = byValue.get(value);
    if (found !== undefined) eachCandidateList(found, fields, visit);
  } else if (typeof value === 'object') {
    for (const one of value) {
      const found = byValue.get(one);
      if (found !== undefined) eachCandidateList(found, fields, visit);
    }
  }
  if (rest !== undefined) eachCandidateList(rest, fields, visit);
}
