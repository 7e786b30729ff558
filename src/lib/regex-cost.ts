// How badly can a backtracking engine do on the worst text? Decided on the automaton of the pattern: its states are the
// characters of the pattern, its edges say which may follow which. Two ways around the same loop with the same text double
// the work with every turn; two loops that can share a text multiply it.
import { type CharSet, intersection, intersects } from './char-set.ts';
import type { RegexNode } from './regex-syntax.ts';

export type RegexCost =
  /** Time grows like the length to this power. */
  | { readonly kind: 'polynomial'; readonly power: number }
  | { readonly kind: 'exponential' }
  /** Too large to tell. */
  | { readonly kind: 'unknown' };

/** Repetitions up to this often are written out; more often counts as without end. */
const WRITTEN_OUT = 5;
const MAX_STATES = 2000;
const MAX_STEPS = 400_000;

export function costOf(tree: RegexNode): RegexCost {
  if (isPlain(tree)) return { kind: 'polynomial', power: 1 };
  const automaton = new Automaton();
  const built = automaton.build(tree);
  if (automaton.states.length > MAX_STATES) return { kind: 'unknown' };
  if (automaton.repeatsNothing) return { kind: 'exponential' };
  // An anchor at the end can refuse what everything before it has accepted.
  return new Judge(automaton, endsInAssertion(tree) ? new Set() : new Set(built.last)).judge();
}

/** No loop but such over single characters, and at most one of them: the usual case, decided without an automaton. */
function isPlain(tree: RegexNode): boolean {
  let loops = 0;
  const visit = (node: RegexNode): boolean => {
    if (node.kind === 'sequence') return node.items.every(visit);
    if (node.kind === 'choice') return node.branches.every(visit);
    if (node.kind !== 'repeat') return true;
    if (node.max <= 1) return visit(node.body);
    loops += 1;
    return node.body.kind === 'set' && loops === 1;
  };
  return visit(tree);
}

function endsInAssertion(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'assertion':
      return true;
    case 'choice':
      return node.branches.some(endsInAssertion);
    case 'repeat':
      return endsInAssertion(node.body);
    case 'sequence': {
      // Whatever may be empty lets an assertion before it stand at the end.
      const end = node.items.findLastIndex((item) => item.kind === 'set');
      return node.items.slice(end + 1).some(endsInAssertion);
    }
  }
}

interface Built {
  readonly isNullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const NOTHING: Built = { isNullable: true, first: [], last: [] };

class Automaton {
  /** What each state matches. */
  readonly states: CharSet[] = [];
  readonly follow: Set<number>[] = [];
  /** Edges that exist twice over: two ways through the pattern with the same text. */
  readonly doubled: [from: number, to: number][] = [];
  /** Something that may match nothing is repeated. */
  repeatsNothing = false;

  build(node: RegexNode): Built {
    if (this.states.length > MAX_STATES) return NOTHING;
    switch (node.kind) {
      case 'assertion':
        return NOTHING;
      case 'set': {
        const state = this.states.push(node.chars) - 1;
        this.follow.push(new Set());
        return { isNullable: false, first: [state], last: [state] };
      }
      case 'choice': {
        const branches = node.branches.map((branch) => this.build(branch));
        return {
          isNullable: branches.some(({ isNullable }) => isNullable),
          first: branches.flatMap(({ first }) => first),
          last: branches.flatMap(({ last }) => last),
        };
      }
      case 'sequence':
        return node.items.reduce<Built>((before, item) => this.#join(before, this.build(item)), NOTHING);
      case 'repeat':
        return this.#repeat(node.body, node.min, node.max);
    }
  }

  #join(a: Built, b: Built): Built {
    this.#connect(a.last, b.first);
    return {
      isNullable: a.isNullable && b.isNullable,
      first: a.isNullable ? [...a.first, ...b.first] : a.first,
      last: b.isNullable ? [...a.last, ...b.last] : b.last,
    };
  }

  #repeat(body: RegexNode, min: number, max: number): Built {
    if (max === 0) return NOTHING;
    const once = this.build(body);
    if (max > 1 && once.isNullable && once.first.length > 0) this.repeatsNothing = true;
    if (max <= WRITTEN_OUT) {
      // `x{1,3}` as `x(?:x(?:x)?)?`: no text has two ways through it.
      let rest = NOTHING;
      for (let i = max; i > 1; i--) {
        const next = this.#join(this.build(body), rest);
        rest = { ...next, isNullable: next.isNullable || i > min };
      }
      const all = this.#join(once, rest);
      return { ...all, isNullable: all.isNullable || min === 0 };
    }
    this.#connect(once.last, once.first);
    return { ...once, isNullable: once.isNullable || min === 0 };
  }

  #connect(from: readonly number[], to: readonly number[]): void {
    for (const a of from) {
      const follow = this.follow[a]!;
      for (const b of to) {
        if (follow.has(b)) this.doubled.push([a, b]);
        else follow.add(b);
      }
    }
  }
}

class OutOfSteps extends Error {}

class Judge {
  readonly #states: readonly CharSet[];
  readonly #follow: readonly ReadonlySet<number>[];
  readonly #doubled: Automaton['doubled'];
  readonly #accepting: ReadonlySet<number>;
  /** The loop that a state is in, -1 for none. Loops are numbered so that a later one is reached from an earlier. */
  readonly #loopOf: number[];
  readonly #loops: number[][];
  #steps = 0;

  constructor(automaton: Automaton, accepting: ReadonlySet<number>) {
    this.#states = automaton.states;
    this.#follow = automaton.follow;
    this.#doubled = automaton.doubled;
    this.#accepting = accepting;
    this.#loops = findLoops(this.#follow);
    this.#loopOf = this.#states.map(() => -1);
    for (const [i, loop] of this.#loops.entries()) for (const state of loop) this.#loopOf[state] = i;
  }

  judge(): RegexCost {
    try {
      if (this.#isExponential()) return { kind: 'exponential' };
      return { kind: 'polynomial', power: this.#power() };
    } catch (error) {
      if (error instanceof OutOfSteps) return { kind: 'unknown' };
      throw error;
    }
  }

  /** Can two walks part and meet again inside one loop, reading the same text? */
  #isExponential(): boolean {
    const isInLoop = (a: number, b: number): boolean => this.#loopOf[a] !== -1 && this.#loopOf[a] === this.#loopOf[b];
    if (this.#doubled.some(([a, b]) => isInLoop(a, b))) return true;
    const count = this.#states.length;
    const seen = new Set<number>();
    const stack: [number, number][] = [];
    const push = (from: number, a: number, b: number): void => {
      this.#spend();
      if (!isInLoop(from, a) || !isInLoop(from, b) || seen.has(a * count + b)) return;
      if (!intersects(this.#states[a]!, this.#states[b]!)) return;
      seen.add(a * count + b);
      stack.push([a, b]);
    };
    for (const [state, follow] of this.#follow.entries()) {
      if (this.#loopOf[state] === -1) continue;
      for (const a of follow) for (const b of follow) if (a < b) push(state, a, b);
    }
    for (let pair = stack.pop(); pair !== undefined; pair = stack.pop()) {
      const [p, q] = pair;
      for (const a of this.#follow[p]!) {
        for (const b of this.#follow[q]!) {
          if (a === b) {
            if (isInLoop(p, a) && isInLoop(q, b)) return true;
          } else push(p, a, b);
        }
      }
    }
    return false;
  }

  /** The longest chain of loops of which each can hand its text over to the next. */
  #power(): number {
    const longest: number[] = [];
    for (const [i, loop] of this.#loops.entries()) {
      longest[i] = 1;
      // Whoever is in it has matched already: nothing makes the engine come back.
      if (loop.every((state) => this.#accepting.has(state))) continue;
      for (let j = 0; j < i; j++) {
        if (longest[j]! + 1 > longest[i]! && this.#canHandOver(this.#loops[j]!, loop)) longest[i] = longest[j]! + 1;
      }
    }
    return Math.max(1, ...longest);
  }

  /** Is there a text that goes around the first loop, around the second, and from the first to the second? */
  #canHandOver(from: readonly number[], to: readonly number[]): boolean {
    const count = this.#states.length;
    for (const p of from) {
      for (const q of to) {
        const start = [p, p, q] as const;
        const seen = new Set<number>();
        const stack: (readonly [number, number, number])[] = [start];
        for (let triple = stack.pop(); triple !== undefined; triple = stack.pop()) {
          const [x, y, z] = triple;
          for (const x2 of this.#follow[x]!) {
            if (this.#loopOf[x2] !== this.#loopOf[p]) continue;
            for (const z2 of this.#follow[z]!) {
              this.#spend();
              if (this.#loopOf[z2] !== this.#loopOf[q] || !intersects(this.#states[x2]!, this.#states[z2]!)) continue;
              const shared = intersection(this.#states[x2]!, this.#states[z2]!);
              for (const y2 of this.#follow[y]!) {
                this.#spend();
                if (!intersects(shared, this.#states[y2]!)) continue;
                if (x2 === p && y2 === q && z2 === q) return true;
                const key = (x2 * count + y2) * count + z2;
                if (seen.has(key)) continue;
                seen.add(key);
                stack.push([x2, y2, z2]);
              }
            }
          }
        }
      }
    }
    return false;
  }

  #spend(): void {
    if (++this.#steps > MAX_STEPS) throw new OutOfSteps();
  }
}

/** Strongly connected components with an edge inside, in the order in which they can be reached (Tarjan's algorithm). */
function findLoops(follow: readonly ReadonlySet<number>[]): number[][] {
  const index: number[] = [];
  const low: number[] = [];
  const open: number[] = [];
  const isOpen: boolean[] = [];
  const loops: number[][] = [];
  let visited = 0;
  const visit = (state: number): void => {
    index[state] = visited;
    low[state] = visited;
    visited += 1;
    open.push(state);
    isOpen[state] = true;
    for (const next of follow[state]!) {
      if (index[next] === undefined) {
        visit(next);
        low[state] = Math.min(low[state]!, low[next]!);
      } else if (isOpen[next] === true) low[state] = Math.min(low[state]!, index[next]!);
    }
    if (low[state] !== index[state]) return;
    const component: number[] = [];
    for (let member = open.pop()!; ; member = open.pop()!) {
      isOpen[member] = false;
      component.push(member);
      if (member === state) break;
    }
    if (component.length > 1 || follow[state]!.has(state)) loops.push(component);
  };
  for (let state = 0; state < follow.length; state++) if (index[state] === undefined) visit(state);
  return loops.reverse();
}
