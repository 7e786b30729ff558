// What a log record needs of a header's name, made once a name. The number is bounded: clients choose names.

export interface HeaderLabel {
  /** `"name":` in lower case. */
  readonly first: string;
  /** The same behind a comma. */
  readonly next: string;
  /** 0 to 63, dealt out in turn: names of one message hardly ever share one. */
  readonly slot: number;
  /** Its value is a credential. */
  readonly isHidden: boolean;
  /** Records have it from elsewhere, or cannot have it. */
  readonly isOdd: boolean;
}

const MAX_LABELS = 512;
const ODD: ReadonlySet<string> = new Set(['host', '__proto__']);
const HIDDEN: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);

export class HeaderLabels {
  readonly #known = new Map<string, HeaderLabel>();
  readonly #slots = new Map<string, number>();
  #lines = '';
  #text = '';

  of(name: string): HeaderLabel {
    return this.#known.get(name) ?? this.#make(name);
  }

  /** Between two messages: forgets everything when clients have used too many names. */
  trim(): void {
    if (this.#known.size < MAX_LABELS) return;
    this.#known.clear();
    this.#slots.clear();
  }

  /** Text made of the lines that the engine adds to a head: answers of one second and one length have the same. */
  ofLines(lines: string, make: (lines: string) => string): string {
    if (lines === this.#lines) return this.#text;
    this.#text = make(lines);
    this.#lines = lines;
    return this.#text;
  }

  #make(name: string): HeaderLabel {
    const key = name.toLowerCase();
    // One slot for a name in whatever case.
    let slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, (slot = this.#slots.size & 63));
    const first = `"${key}":`;
    const label = { first, next: `,${first}`, slot, isHidden: HIDDEN.has(key), isOdd: ODD.has(key) };
    this.#known.set(name, label);
    return label;
  }
}
