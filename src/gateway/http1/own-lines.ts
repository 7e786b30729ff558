// Header lines that the gateway or a plugin wrote and that have been checked. Those that go out again and again are made once and kept, with
// whatever somebody else has worked out of them.
import { letterOf } from './name-bytes.ts';

export class OwnLines {
  /** `Name: value` each, with its line end. */
  readonly text: string;
  /** Many messages have them. */
  readonly isKept: boolean;
  /** The same as members of a JSON object, for log records: made when it is first asked for. */
  members: Uint8Array | undefined = undefined;

  constructor(text: string, isKept = false) {
    this.text = text;
    this.isKept = isKept;
  }

  forEach(visit: (name: string, value: string) => void): void {
    const { text } = this;
    for (let at = 0; at < text.length; ) {
      const colon = text.indexOf(': ', at);
      const end = text.indexOf('\r\n', colon);
      visit(text.slice(at, colon), text.slice(colon + 2, end));
      at = end + 2;
    }
  }
}

/** Lines of these names say how a message is framed: they are the sender's and come from nowhere else. */
const FRAMING: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'content-length', 'transfer-encoding']);

/** A name that the gateway or a plugin gives lines to, and what they begin with. */
export class LineName {
  readonly name: string;
  readonly start: string;
  readonly isFraming: boolean;
  /** As of `letterOf`. */
  readonly letter: number;
  #member: Uint8Array | undefined = undefined;

  constructor(name: string) {
    this.name = name;
    this.start = `${name}: `;
    this.letter = letterOf(name);
    this.isFraming = FRAMING.has(name.toLowerCase());
  }

  /** `,"name":"`, as members of JSON objects begin. */
  get member(): Uint8Array {
    return (this.#member ??= Buffer.from(`,"${this.name.toLowerCase()}":"`));
  }
}

/** One line that the gateway or a plugin wrote; name and value have been checked. */
export class OwnLine extends OwnLines {
  readonly name: LineName;
  readonly value: string;

  constructor(name: LineName, value: string, isKept = false) {
    const text = name.isFraming ? '' : `${name.start}${value}\r\n`;
    super(isKept ? flat(text) : text, isKept);
    this.name = name;
    this.value = value;
  }

  override forEach(visit: (name: string, value: string) => void): void {
    visit(this.name.name, this.value);
  }
}

/** For lines that many messages have. */
export const keptLines = (text: string): OwnLines => new OwnLines(flat(text), true);

const KEPT = 2_000;

/** Lines that carry a number: those of small numbers are most of what goes out. */
export class NumberLines {
  readonly #name: LineName;
  readonly #lines: (OwnLines | undefined)[] = [];

  constructor(name: string) {
    this.#name = new LineName(name);
  }

  of(value: number): OwnLines {
    if (!(value >= 0 && value < KEPT)) return new OwnLines(`${this.#name.start}${value}\r\n`);
    while (this.#lines.length <= value) this.#lines.push(undefined);
    return (this.#lines[value] ??= keptLines(`${this.#name.start}${value}\r\n`));
  }
}

/** A text that is put together is a tree of its parts, walked whenever it is written; this one is a row of characters. */
export const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
