// What a log record needs of a header's name, made once a name. The number is bounded: clients choose names.
import { flat } from '../http1/own-lines.ts';
import { quote } from './quote.ts';

const MAX_LABELS = 512;
/** Longer values are not kept. */
const KEPT_VALUE = 256;
const ODD: ReadonlySet<string> = new Set(['host', '__proto__']);
const HIDDEN: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);

export class HeaderLabel {
  /** 0 to 63, dealt out in turn: names of one message hardly ever share one. */
  readonly slot: number;
  /** Records have it from elsewhere, or cannot have it. */
  readonly isOdd: boolean;
  readonly #written: string;
  readonly #start: string;
  readonly #isHidden: boolean;
  /** What the last value looked like; one that looks the same is kept. */
  #look = 0;
  #value: string | undefined = undefined;
  #member = '';

  /** @param name the same in lower case. */
  constructor(written: string, name: string, slot: number) {
    this.#written = written;
    this.slot = slot;
    this.isOdd = ODD.has(name);
    this.#start = `,"${name}":`;
    this.#isHidden = HIDDEN.has(name);
  }

  /** Was it made of this name, letter by letter? */
  isOf(text: string, start: number, end: number): boolean {
    return end - start === this.#written.length && text.startsWith(this.#written, start);
  }

  /** `,"name":"value"`, name in lower case. */
  write(value: string): string {
    return this.#start + (this.#isHidden ? '"REDACTED"' : quote(value));
  }

  /** The same, kept for the next time: most headers say the same again. */
  member(value: string): string {
    if (value === this.#value) return this.#member;
    const member = this.write(value);
    if (value.length <= KEPT_VALUE && !this.#isHidden) this.#keep(value, member);
    return member;
  }

  /** The same of a value that is part of a text. */
  memberIn(text: string, start: number, end: number): string {
    const value = this.#value;
    const isSame = value !== undefined && value.length === end - start && text.startsWith(value, start);
    return isSame ? this.#member : this.member(text.slice(start, end));
  }

  /** Copies: a part of a text would keep the whole of it in memory. */
  #keep(value: string, member: string): void {
    const look = (value.length << 16) | (value.charCodeAt(0) << 8) | value.charCodeAt(value.length - 1);
    if (look === this.#look) {
      this.#value = flat(value);
      this.#member = flat(member);
    }
    this.#look = look;
  }
}

export class HeaderLabels {
  readonly #known = new Map<string, HeaderLabel>();
  readonly #slots = new Map<string, number>();
  #lines = '';
  #text = '';

  of(name: string): HeaderLabel {
    return this.#known.get(name) ?? this.#make(name);
  }

  /** Between two messages: forgets everything when clients have used too many names. Labels of before are void then. */
  trim(): boolean {
    if (this.#known.size < MAX_LABELS) return false;
    this.#known.clear();
    this.#slots.clear();
    return true;
  }

  /** Text made of the lines that the engine adds to a head: answers of one second and one length have the same. */
  ofLines(lines: string, make: (lines: string) => string): string {
    if (lines === this.#lines) return this.#text;
    this.#text = make(lines);
    this.#lines = lines;
    return this.#text;
  }

  #make(name: string): HeaderLabel {
    const key = flat(name.toLowerCase());
    // One slot for a name in whatever case.
    let slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, (slot = this.#slots.size & 63));
    const written = flat(name);
    const label = new HeaderLabel(written, key, slot);
    this.#known.set(written, label);
    return label;
  }
}
