// An editable list of header lines, order and case kept. Lines that came with a head stay spans over its text and are sent on
// in runs, unread; only what is edited becomes strings. The surprise: strings here are bytes (latin1), as in the head, and a
// value with characters above U+00FF is turned into its UTF-8 bytes, because cutting them to bytes could make a line break.

import { standsAt } from '../../lib/stands-at.ts';
import { letterOf } from './name-bytes.ts';
import type { NameSet } from './name-set.ts';
import { flat, LineName, OwnLine, type OwnLines } from './own-lines.ts';

/** A name or value that would break the head. Nothing of it is ever sent. */
export class HeaderError extends Error {
  readonly field: string;
  constructor(message: string, field: string) {
    super(message);
    this.name = 'HeaderError';
    this.field = field;
  }
}

const REMOVED = 0;
const NO_LINES: readonly OwnLines[] = [];
/** As many bits as a number has. */
const MOST_COMPARED = 31;
/** Longer texts are not kept to be compared with. */
const MOST_KEPT = 4_096;

/** Hears of lines without anything being cut out for it. */
export interface LineVisitor {
  line(text: string, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void;
  edited(name: string, value: string): void;
}

/** Lines of a head as they came, and a bit for each that is still there. */
export interface ReceivedLines {
  readonly text: string;
  readonly kept: number;
}

export class HeaderList {
  private text: string;
  /** Four numbers a line: name start, name end or REMOVED, value start or ~index into edits, value end. */
  private lines: number[];
  private end: number;
  private edits: string[] | undefined;
  private added: OwnLine[] | undefined;
  private own: readonly OwnLines[];
  /** With what letters names begin, a bit each; more bits may be set. Most names that are asked for begin with another. */
  private letters: number;

  /** `end` is where the last line ends, its line break included. Callers outside this folder use no arguments. */
  constructor(text = '', lines: number[] = [], end = 0, letters = 0) {
    this.text = text;
    this.lines = lines;
    this.end = end;
    this.edits = undefined;
    this.added = undefined;
    this.own = NO_LINES;
    this.letters = letters;
  }

  static from(entries: Iterable<readonly [string, string]>): HeaderList {
    const list = new HeaderList();
    for (const [name, value] of entries) list.add(name, value);
    return list;
  }

  get size(): number {
    let count = this.added === undefined ? 0 : this.added.length;
    for (let i = 1; i < this.lines.length; i += 4) if (this.lines[i] !== REMOVED) count++;
    return count;
  }

  get(name: string): string | undefined {
    const i = this.findLine(name, 0);
    if (i >= 0) return this.valueAt(i);
    const j = this.findAdded(name, 0);
    return j >= 0 ? this.added?.[j]?.value : undefined;
  }

  /** The value of the first line of that name, if it is one of the set. */
  valueIn(name: string, set: NameSet): string | undefined {
    const i = this.findLine(name, 0);
    const start = i < 0 ? -1 : (this.lines[i + 2] as number);
    if (start >= 0) return set.has(this.text, start, this.lines[i + 3] as number) ? this.valueAt(i) : undefined;
    const value = this.get(name);
    return value !== undefined && set.has(value, 0, value.length) ? value : undefined;
  }

  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = this.findLine(name, 0); i >= 0; i = this.findLine(name, i + 4)) values.push(this.valueAt(i));
    for (let j = this.findAdded(name, 0); j >= 0; j = this.findAdded(name, j + 1)) {
      values.push((this.added as OwnLine[])[j]!.value);
    }
    return values;
  }

  has(name: string): boolean {
    return this.findLine(name, 0) >= 0 || this.findAdded(name, 0) >= 0;
  }

  /** Replaces every line of that name, at the place of the first; appends when there is none. */
  set(name: string, value: string): void {
    checkName(name);
    this.put(name, checkValue(name, value));
  }

  /** As `set`, where both have been checked. */
  put(name: string, bytes: string): void {
    const i = this.findLine(name, 0);
    if (i >= 0) this.edit(i, name, bytes);
    else this.putAdded(new OwnLine(new LineName(name), bytes));
  }

  putLine(line: OwnLine): void {
    const i = this.findLine(line.name.name, 0);
    if (i >= 0) this.edit(i, line.name.name, line.value);
    else this.putAdded(line);
  }

  private edit(i: number, name: string, bytes: string): void {
    this.remove(name, i + 4);
    this.edits ??= [];
    this.lines[i + 2] = ~this.edits.length;
    this.edits.push(name, bytes);
  }

  private putAdded(line: OwnLine): void {
    const { name } = line.name;
    const j = this.findAdded(name, 0);
    if (j < 0) {
      this.appendLine(line);
      return;
    }
    this.removeAdded(name, j + 1);
    (this.added as OwnLine[])[j] = line;
  }

  add(name: string, value: string): void {
    checkName(name);
    this.append(name, checkValue(name, value));
  }

  /** As `add`, where both have been checked. */
  append(name: string, bytes: string): void {
    this.appendLine(new OwnLine(new LineName(name), bytes));
  }

  appendLine(line: OwnLine): void {
    this.letters |= line.name.letter;
    if (this.added === undefined) this.added = [line];
    else this.added.push(line);
  }

  remove(name: string, from = 0): void {
    for (let i = this.findLine(name, from); i >= 0; i = this.findLine(name, i + 4)) this.lines[i + 1] = REMOVED;
    this.removeAdded(name, 0);
  }

  /** Sent last, as they are, in place of earlier ones. Nothing else in the list may have their names. */
  setOwn(lines: readonly OwnLines[]): void {
    this.own = lines;
  }

  get ownLines(): readonly OwnLines[] {
    return this.own;
  }

  /** The names of this list that are in the set, as they are written; undefined when there is none. */
  namesIn(set: NameSet): string[] | undefined {
    const { lines, added, text } = this;
    if ((this.letters & set.letters) === 0) return undefined;
    let names: string[] | undefined;
    for (let i = 0; i < lines.length; i += 4) {
      const end = lines[i + 1] as number;
      if (end !== REMOVED && set.has(text, lines[i] as number, end)) (names ??= []).push(this.nameAt(i));
    }
    for (let j = 0; added !== undefined && j < added.length; j++) {
      const { name } = added[j]!.name;
      if (set.has(name, 0, name.length)) (names ??= []).push(name);
    }
    return names;
  }

  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.lines.length; i += 4) {
      if (this.lines[i + 1] !== REMOVED) yield [this.nameAt(i), this.valueAt(i)];
    }
    for (const { name, value } of this.added ?? []) yield [name.name, value];
    const own: [string, string][] = [];
    for (const lines of this.own) lines.forEach((name, value) => void own.push([name, value]));
    yield* own;
  }

  /** As `entries`, without making pairs. */
  forEach(visit: (name: string, value: string) => void): void {
    const { lines } = this;
    for (let i = 0; i < lines.length; i += 4) {
      if (lines[i + 1] !== REMOVED) visit(this.nameAt(i), this.valueAt(i));
    }
    this.forEachAdded(({ name, value }) => visit(name.name, value));
    for (const own of this.own) own.forEach(visit);
  }

  /** Those that came with the head, as spans of its text as far as nobody edited them. */
  visitReceived(visitor: LineVisitor): void {
    const { lines, text } = this;
    for (let i = 0; i < lines.length; i += 4) {
      const nameEnd = lines[i + 1] as number;
      const value = lines[i + 2] as number;
      if (nameEnd === REMOVED) continue;
      if (value < 0) visitor.edited(this.nameAt(i), this.valueAt(i));
      else visitor.line(text, lines[i] as number, nameEnd, value, lines[i + 3] as number);
    }
  }

  forEachAdded(visit: (line: OwnLine) => void): void {
    const { added } = this;
    if (added === undefined) return;
    for (let j = 0; j < added.length; j++) visit(added[j]!);
  }

  /** What came with the head and is still as it came; undefined when a line was edited, or for very long heads. */
  received(): ReceivedLines | undefined {
    const from = this.lines[0] ?? this.end;
    const isLong = this.end - from > MOST_KEPT || this.lines.length > 4 * MOST_COMPARED;
    if (isLong || this.edits !== undefined) return undefined;
    return { text: flat(this.text.slice(from, this.end)), kept: this.keptMask() };
  }

  /** Would `received` say the same? */
  isReceived(other: ReceivedLines): boolean {
    const from = this.lines[0] ?? this.end;
    return (
      this.edits === undefined &&
      this.end - from === other.text.length &&
      standsAt(this.text, other.text, from) &&
      this.keptMask() === other.kept
    );
  }

  private keptMask(): number {
    const { lines } = this;
    let mask = 0;
    for (let i = 1; i < lines.length; i += 4) mask = (mask << 1) | (lines[i] === REMOVED ? 0 : 1);
    return mask;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  clone(): HeaderList {
    const copy = new HeaderList(this.text, this.lines.slice(), this.end, this.letters);
    copy.edits = this.edits?.slice();
    copy.added = this.added?.slice();
    copy.own = this.own;
    return copy;
  }

  /** The one serialiser: `head` plus every line. Connection and framing lines are the sender's and never come from here. */
  appendTo(head: string): string {
    const { text, lines, edits, added } = this;
    let out = head;
    let from = -1;
    for (let i = 0; i < lines.length; i += 4) {
      if (lines[i + 1] !== REMOVED && (lines[i + 2] as number) >= 0) {
        if (from < 0) from = lines[i] as number;
        continue;
      }
      if (from >= 0) {
        out += text.slice(from, lines[i]);
        from = -1;
      }
      if (lines[i + 1] === REMOVED) continue;
      const edit = ~(lines[i + 2] as number);
      out = withLine(out, (edits as string[])[edit] as string, (edits as string[])[edit + 1] as string);
    }
    if (from >= 0) out += text.slice(from, this.end);
    if (added !== undefined) {
      for (let j = 0; j < added.length; j++) out += added[j]!.text;
    }
    for (const lines of this.own) out += lines.text;
    return out;
  }

  private nameAt(i: number): string {
    const value = this.lines[i + 2] as number;
    return value < 0 ? (this.edits?.[~value] as string) : this.text.slice(this.lines[i], this.lines[i + 1]);
  }

  private valueAt(i: number): string {
    const value = this.lines[i + 2] as number;
    return value < 0 ? (this.edits?.[~value + 1] as string) : this.text.slice(value, this.lines[i + 3]);
  }

  private findLine(name: string, from: number): number {
    const { lines, text } = this;
    const length = name.length;
    if ((this.letters & letterOf(name)) === 0) return -1;
    for (let i = from; i < lines.length; i += 4) {
      const start = lines[i] as number;
      // The name of an edited line keeps its span: an edit never changes more than the case.
      if ((lines[i + 1] as number) - start === length && sameName(text, start, name)) return i;
    }
    return -1;
  }

  private findAdded(name: string, from: number): number {
    const { added } = this;
    if (added === undefined || (this.letters & letterOf(name)) === 0) return -1;
    for (let j = from; j < added.length; j++) {
      const other = added[j]!.name.name;
      if (other.length === name.length && sameName(other, 0, name)) return j;
    }
    return -1;
  }

  private removeAdded(name: string, from: number): void {
    for (let j = this.findAdded(name, from); j >= 0; j = this.findAdded(name, j)) this.added?.splice(j, 1);
  }
}

/** Text as its UTF-8 bytes, one character a byte: for values from configuration that may hold more than ASCII. */
export function encodeHeaderText(value: string): string {
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7e) return Buffer.from(value, 'utf8').toString('latin1');
  }
  return value;
}

/** Throws HeaderError unless it is a token of RFC 9110. */
export function checkName(name: string): void {
  if (!isToken(name)) throw new HeaderError('header name is not a token', name.slice(0, 64));
}

/** The value as bytes. Throws HeaderError for control characters other than HTAB. */
export function checkValue(name: string, value: string): string {
  let wide = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 ? code !== 9 : code === 0x7f) throw new HeaderError('control character in a header value', name);
    if (code > 0xff) wide = true;
  }
  return wide ? Buffer.from(value, 'utf8').toString('latin1') : value;
}

export function isToken(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7e || TOKEN[code] !== 1) return false;
  }
  return name.length > 0;
}

/** 1 where the code may be part of a token. */
const TOKEN = Uint8Array.from({ length: 127 }, (_, code) =>
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Compares with ASCII case folding; the caller has compared the lengths. */
export function sameName(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const a = text.charCodeAt(start + i);
    const b = name.charCodeAt(i);
    if (a === b) continue;
    if ((a ^ b) !== 0x20) return false;
    const folded = a | 0x20;
    if (folded < 0x61 || folded > 0x7a) return false;
  }
  return true;
}

function withLine(head: string, name: string, value: string): string {
  switch (name.length) {
    case 10:
      if (sameName(name, 0, 'connection') || sameName(name, 0, 'keep-alive')) return head;
      break;
    case 14:
      if (sameName(name, 0, 'content-length')) return head;
      break;
    case 17:
      if (sameName(name, 0, 'transfer-encoding')) return head;
      break;
  }
  return `${head}${name}: ${value}\r\n`;
}
