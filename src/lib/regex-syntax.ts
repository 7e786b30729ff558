// Reads a pattern written for PCRE or Rust's regex and gives it back in JavaScript's syntax, with its structure beside it.
// What JavaScript has no equal for is refused; everything that both spell alike goes through as it is written.
import {
  addAll,
  addOtherCase,
  addRange,
  type CharSet,
  contains,
  emptySet,
  intersection,
  invert,
  setOf,
} from './char-set.ts';
import {
  asciiClass,
  BEYOND_ASCII,
  boundsOf,
  CONTINUATION,
  CONTROL_ESCAPES,
  charsOf,
  codeSource,
  lettersIn,
  MULTIBYTE,
  POSIX_CLASSES,
  SET_ESCAPES,
  UTF8_SET_ESCAPES,
} from './regex-spelling.ts';

export type RegexNode =
  | { readonly kind: 'set'; readonly chars: CharSet }
  /** Matches without consuming anything: an anchor, a look-around. */
  | { readonly kind: 'assertion' }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly body: RegexNode; readonly min: number; readonly max: number };

export type ParsedPattern =
  | {
      readonly ok: true;
      readonly source: string;
      readonly flags: string;
      /** The pattern itself, then what is inside of look-arounds. */
      readonly trees: readonly RegexNode[];
    }
  | { readonly ok: false; readonly reason: string };

export interface Syntax {
  readonly lookaround: boolean;
  readonly bareNames: boolean;
  /** What one character of a text is: in the second case it may be several bytes. */
  readonly characters: 'bytes' | 'UTF-8';
}

export function parsePattern(pattern: string, syntax: Syntax): ParsedPattern {
  try {
    return { ok: true, ...new PatternReader(pattern, syntax).read() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Never leaves this file. */
class Refusal extends Error {}

const unsupported = (what: string): Refusal => new Refusal(`${what} is not supported`);

const NEVER_NESTED_DEEPER = 200;
const ASCII = setOf([0, 0x7f]);
const NOT_LINE_END = invert(setOf([10, 10]));

class PatternReader {
  readonly #text: string;
  readonly #syntax: Syntax;
  readonly #setEscapes: typeof SET_ESCAPES;
  readonly #inner: RegexNode[] = [];
  #at = 0;
  #depth = 0;
  #source = '';
  /** Of the whole: JavaScript has them, too. */
  #flags = '';
  /** Where we are. What differs from those of the whole is written out. */
  #here = '';

  constructor(pattern: string, syntax: Syntax) {
    this.#text = pattern;
    this.#syntax = syntax;
    this.#setEscapes = syntax.characters === 'bytes' ? SET_ESCAPES : UTF8_SET_ESCAPES;
  }

  read(): { source: string; flags: string; trees: RegexNode[] } {
    const inline = /^\(\?([a-z]+)\)/.exec(this.#text);
    if (inline !== null) {
      const flags = inline[1]!;
      if (/[^ims]/.test(flags)) throw unsupported(`the flag (?${flags})`);
      this.#here = [...new Set(flags)].join('');
      // To JavaScript some bytes of characters are the other case of others.
      this.#flags = this.#syntax.characters === 'UTF-8' ? this.#here.replace('i', '') : this.#here;
      this.#at = inline[0].length;
    }
    const tree = this.#choice();
    if (this.#at < this.#text.length) throw new Refusal('unmatched closing parenthesis');
    return { source: this.#source, flags: this.#flags, trees: [tree, ...this.#inner] };
  }

  #choice(): RegexNode {
    if (++this.#depth > NEVER_NESTED_DEEPER) throw new Refusal('groups are nested too deeply');
    const outside = this.#here;
    const branches = [this.#sequence()];
    while (this.#take('|')) {
      this.#source += '|';
      branches.push(this.#sequence());
    }
    this.#depth -= 1;
    this.#here = outside;
    return branches.length === 1 ? branches[0]! : { kind: 'choice', branches };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (char === '|' || char === ')') break;
      if (this.#startsWith('\\Q')) this.#quoted(items);
      else if (this.#setFlags(')')) continue;
      else items.push(this.#repeated(this.#atom()));
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  #atom(): RegexNode {
    const char = this.#text[this.#at]!;
    if (char === '(') return this.#group();
    if (char === '[') return this.#class();
    if (char === '\\') return this.#escape();
    this.#at += 1;
    if (char === '^' || char === '$') return this.#emit(this.#anchor(char), { kind: 'assertion' });
    // JavaScript's dot stops at more characters than a line feed.
    if (char === '.') {
      const isAny = this.#here.includes('s');
      return this.#emitSet(isAny ? '[^]' : '[^\\n]', isAny ? setOf([0, 256]) : NOT_LINE_END);
    }
    if (this.#syntax.characters === 'UTF-8' && char > '\x7f') return this.#multibyte();
    if (char === '*' || char === '+' || char === '?') throw new Refusal(`nothing to repeat before ${char}`);
    return this.#emit(this.#inBothCases(char) ?? (/[\]{}/]/.test(char) ? `\\${char}` : char), this.#literal(char));
  }

  /** A character of several bytes, of which the first is read: what follows may repeat all of them. */
  #multibyte(): RegexNode {
    const bytes = /^[^\x00-\x7f][\x80-\xbf]*/.exec(this.#text.slice(this.#at - 1, this.#at + 3))![0];
    this.#at += bytes.length - 1;
    const items = [...bytes].map((byte) => this.#literal(byte));
    return this.#emit(`(?:${bytes})`, { kind: 'sequence', items });
  }

  #anchor(char: '^' | '$'): string {
    const isOfLines = this.#here.includes('m');
    if (isOfLines === this.#flags.includes('m')) return char;
    if (char === '^') return isOfLines ? '(?<![^\\n])' : '(?<![^])';
    return isOfLines ? '(?![^\\n])' : '(?![^])';
  }

  /** Flags from here on, or in the group that begins here: `(?i)`, `(?s-m:`. */
  #setFlags(end: ')' | ':'): boolean {
    const found = /^\(\?([ims]*)(?:-([ims]+))?([:)])/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (found === null || found[3] !== end || found[0].length < 4) return false;
    const removed = found[2] ?? '';
    if (removed.includes('i') && this.#flags.includes('i')) throw unsupported(`${found[0]} behind (?i)`);
    this.#here = [...new Set(this.#here + found[1]!)].filter((flag) => !removed.includes(flag)).join('');
    this.#at += found[0].length;
    return true;
  }

  /** Where only a part of the pattern ignores case. */
  #inBothCases(char: string): string | undefined {
    if (!this.#here.includes('i') || this.#flags.includes('i') || !/^[A-Za-z]$/.test(char)) return undefined;
    return `[${char.toLowerCase()}${char.toUpperCase()}]`;
  }

  #repeated(body: RegexNode): RegexNode {
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#text.slice(this.#at, this.#at + 24))?.[0];
    if (quantifier === undefined) return body;
    this.#at += quantifier.length;
    if (this.#startsWith('+')) throw unsupported('a possessive quantifier');
    const isLazy = this.#take('?');
    const [min, max] = boundsOf(quantifier);
    if (max < min) throw new Refusal('numbers out of order in a quantifier');
    return this.#repeated(this.#emit(isLazy ? `${quantifier}?` : quantifier, { kind: 'repeat', body, min, max }));
  }

  #group(): RegexNode {
    const outside = this.#here;
    if (this.#setFlags(':')) {
      this.#source += '(?:';
      const body = this.#body();
      this.#here = outside;
      return body;
    }
    const tail = this.#text.slice(this.#at, this.#at + 4);
    if (tail.startsWith('(?#')) throw unsupported('a comment');
    if (tail.startsWith('(?>')) throw unsupported('an atomic group');
    if (tail.startsWith('(?(')) throw unsupported('a conditional');
    if (tail === '(?P=') throw unsupported('a back-reference by (?P=');
    if (/^\(\?(?:R|[+-]?\d|&|P>)/.test(tail)) throw unsupported('recursion');
    if (/^\(\?(?:=|!|<=|<!)/.test(tail)) return this.#lookaround();
    if (tail.startsWith('(?<') && !this.#syntax.bareNames) throw unsupported('a named group without P');
    if (tail.startsWith('(?P<')) this.#open('(?P<', '(?<');
    else if (tail.startsWith('(?<')) this.#open('(?<', '(?<');
    else if (tail.startsWith('(?:')) this.#open('(?:', '(?:');
    else if (tail.startsWith('(?') || tail.startsWith('(*')) throw unsupported(`a group with ${tail.slice(0, 3)}`);
    else this.#open('(', '(');
    if (this.#source.endsWith('(?<')) this.#groupName();
    return this.#body();
  }

  #groupName(): void {
    const name = /^[A-Za-z_]\w*>/.exec(this.#text.slice(this.#at, this.#at + 130))?.[0];
    if (name === undefined) throw new Refusal('invalid name of a group');
    this.#open(name, name);
  }

  #lookaround(): RegexNode {
    if (!this.#syntax.lookaround) throw unsupported('look-around');
    const opening = /^\(\?<?[=!]/.exec(this.#text.slice(this.#at))![0];
    this.#open(opening, opening);
    this.#inner.push(this.#body());
    return { kind: 'assertion' };
  }

  #body(): RegexNode {
    const body = this.#choice();
    if (!this.#take(')')) throw new Refusal('missing closing parenthesis');
    return this.#emit(')', body);
  }

  #escape(): RegexNode {
    const next = this.#text[this.#at + 1];
    if (next === undefined) throw new Refusal('the pattern ends with a backslash');
    this.#at += 2;
    if (next === 'A') return this.#emit(this.#flags.includes('m') ? '(?<![^])' : '^', { kind: 'assertion' });
    if (next === 'z') return this.#emit('(?![^])', { kind: 'assertion' });
    if (next === 'Z') return this.#emit('(?=\\n?(?![^]))', { kind: 'assertion' });
    if (next === 'b' || next === 'B') return this.#emit(`\\${next}`, { kind: 'assertion' });
    const known = this.#setEscapes[next];
    if (known !== undefined) return this.#emitSet(`[${known.inClass}]`, known.chars);
    if (/[1-9k]/.test(next)) return this.#backReference(next);
    const code = this.#escapedCode(next);
    const char = String.fromCharCode(code);
    return this.#emit(this.#inBothCases(char) ?? codeSource(code), this.#literal(char));
  }

  /** What it repeats is not known here; one character of any kind stands for it. */
  #backReference(next: string): RegexNode {
    if (!this.#syntax.lookaround) throw unsupported('a back-reference');
    const rest = this.#text.slice(this.#at, this.#at + 130);
    const length =
      next === 'k' ? (/^<[A-Za-z_]\w*>/.exec(rest)?.[0].length ?? -1) : (/^\d?/.exec(rest)?.[0].length ?? 0);
    if (length < 0) throw unsupported('this back-reference');
    this.#at += length;
    return this.#emit(`(?:\\${next}${rest.slice(0, length)})`, setNode(setOf([0, 256])));
  }

  /** The character that an escape stands for; the backslash and `next` are read already. */
  #escapedCode(next: string): number {
    const control = CONTROL_ESCAPES[next];
    if (control !== undefined) return control;
    if (next === 'x') {
      const hex = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.#text.slice(this.#at, this.#at + 9));
      const code = hex === null ? Number.NaN : Number.parseInt(hex[1] ?? hex[2]!, 16);
      if (!(code <= 0xffff)) throw unsupported('this \\x');
      this.#at += hex![0].length;
      return code;
    }
    if (next === '0' && !/\d/.test(this.#text[this.#at] ?? '')) return 0;
    if (/[A-Za-z0-9]/.test(next)) throw unsupported(`\\${next}`);
    return next.charCodeAt(0);
  }

  /** A quantifier behind it belongs to its last character. */
  #quoted(items: RegexNode[]): void {
    const end = this.#text.indexOf('\\E', this.#at);
    const literal = this.#text.slice(this.#at + 2, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    for (const char of literal) {
      items.push(this.#emit(this.#inBothCases(char) ?? codeSource(char.charCodeAt(0)), this.#literal(char)));
    }
    const last = items.pop();
    if (last !== undefined) items.push(this.#repeated(last));
  }

  #class(): RegexNode {
    this.#at += 1;
    const isInverted = this.#take('^');
    const chars = emptySet();
    let source = '';
    for (let isFirst = true; isFirst || this.#text[this.#at] !== ']'; isFirst = false) {
      if (this.#at >= this.#text.length) throw new Refusal('missing terminating ] for character class');
      const item = this.#classItem();
      if (item.kind === 'set') {
        addAll(chars, item.chars);
        source += item.inClass;
        continue;
      }
      const to = this.#rangeEnd();
      if (to !== undefined && to < item.code) throw new Refusal('range out of order in a character class');
      addRange(chars, item.code, to ?? item.code);
      source += codeSource(item.code) + (to === undefined ? '' : `-${codeSource(to)}`);
    }
    this.#at += 1;
    if (this.#here.includes('i')) {
      const written = chars.slice();
      addOtherCase(chars);
      if (!this.#flags.includes('i')) source += lettersIn(chars, written);
    }
    return this.#emitSet(`[${isInverted ? '^' : ''}${source}]`, isInverted ? invert(chars) : chars);
  }

  #classItem(): ClassItem {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (posix !== null) {
      const inClass = POSIX_CLASSES[posix[2]!];
      if (inClass === undefined || posix[1] !== '') throw unsupported(`the class ${posix[0]}`);
      this.#at += posix[0].length;
      return { kind: 'set', inClass, chars: charsOf(inClass) };
    }
    const char = this.#text[this.#at]!;
    this.#at += 1;
    if (char !== '\\') return { kind: 'code', code: char.charCodeAt(0) };
    const next = this.#text[this.#at];
    if (next === undefined) throw new Refusal('the pattern ends with a backslash');
    this.#at += 1;
    const known = this.#setEscapes[next];
    if (known !== undefined) return { kind: 'set', ...known };
    return { kind: 'code', code: next === 'b' ? 8 : this.#escapedCode(next) };
  }

  #rangeEnd(): number | undefined {
    if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']') return undefined;
    this.#at += 1;
    if (this.#at >= this.#text.length) throw new Refusal('missing terminating ] for character class');
    const item = this.#classItem();
    if (item.kind === 'set') throw new Refusal('a class cannot end a range');
    return item.code;
  }

  #literal(char: string): RegexNode {
    const code = char.charCodeAt(0);
    const chars = setOf([code, code]);
    if (this.#here.includes('i')) addOtherCase(chars);
    return setNode(chars);
  }

  /** A set that has all bytes beyond ASCII has all characters there; as many as there are is the same byte by byte. */
  #emitSet(source: string, chars: CharSet): RegexNode {
    const isRepeated = /^[*+](?!\?)/.test(this.#text.slice(this.#at, this.#at + 2));
    if (this.#syntax.characters === 'bytes' || isRepeated || !contains(chars, BEYOND_ASCII)) {
      return this.#emit(source, setNode(chars));
    }
    const branches: RegexNode[] = [setNode(intersection(chars, ASCII)), ...MULTIBYTE_NODES];
    const sources = [asciiClass(chars), ...MULTIBYTE.map(({ source: one }) => one)];
    return this.#emit(`(?:${sources.join('|')})`, { kind: 'choice', branches });
  }

  #emit<N extends RegexNode>(source: string, node: N): N {
    this.#source += source;
    return node;
  }

  #open(read: string, write: string): void {
    this.#at += read.length;
    this.#source += write;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #startsWith(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }
}

const MULTIBYTE_NODES: readonly RegexNode[] = MULTIBYTE.map(({ lead, following }) => {
  const rest: RegexNode = {
    kind: 'repeat',
    body: { kind: 'set', chars: CONTINUATION },
    min: following,
    max: following,
  };
  return { kind: 'sequence', items: [{ kind: 'set', chars: lead }, rest] };
});

type ClassItem =
  | { readonly kind: 'set'; readonly inClass: string; readonly chars: CharSet }
  | { readonly kind: 'code'; readonly code: number };

const setNode = (chars: CharSet): RegexNode => ({ kind: 'set', chars });
