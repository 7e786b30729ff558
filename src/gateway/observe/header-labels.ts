// What a log record needs of a header's name, made once a name. The number is bounded: clients choose names.
import { standsAt } from '../../lib/stands-at.ts';
import { flat } from '../http1/own-lines.ts';
import { piece } from './json-bytes.ts';

const MAX_LABELS = 512;
const ODD: ReadonlySet<string> = new Set(['host', '__proto__']);
const HIDDEN: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);

export class HeaderLabel {
  /** 0 to 63, dealt out in turn: names of one message hardly ever share one. */
  readonly slot: number;
  /** Records have it from elsewhere, or cannot have it. */
  readonly isOdd: boolean;
  readonly isHidden: boolean;
  /** `,"name":"`, name in lower case; of a hidden one the whole member. */
  readonly start: Uint8Array;
  readonly written: string;

  /** @param name the same in lower case. */
  constructor(written: string, name: string, slot: number) {
    this.written = written;
    this.slot = slot;
    this.isOdd = ODD.has(name);
    this.isHidden = HIDDEN.has(name);
    this.start = piece(this.isHidden ? `,"${name}":"REDACTED"` : `,"${name}":"`);
  }

  /** Was it made of this name, letter by letter? */
  isOf(text: string, start: number, end: number): boolean {
    return end - start === this.written.length && standsAt(text, this.written, start);
  }
}

export class HeaderLabels {
  readonly #known = new Map<string, HeaderLabel>();
  readonly #slots = new Map<string, number>();

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
