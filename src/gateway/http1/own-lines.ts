// Header lines that the gateway itself wrote and vouches for. Those that go out again and again are made once and kept, with
// whatever somebody else has worked out of them.

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

/** A name that the gateway gives lines to, and what they begin with. */
export class LineName {
  readonly name: string;
  readonly start: string;
  /** `,"name":"`, as members of JSON objects begin. */
  readonly member: Uint8Array;

  constructor(name: string) {
    this.name = name;
    this.start = flat(`${name}: `);
    this.member = Buffer.from(`,"${name.toLowerCase()}":"`);
  }
}

/** One line that only one message has, or both heads of one exchange. */
export class OwnLine extends OwnLines {
  readonly name: LineName;
  readonly value: string;

  constructor(name: LineName, value: string) {
    super(`${name.start}${value}\r\n`);
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
    if (!(value >= 0 && value < KEPT)) return new OwnLine(this.#name, String(value));
    while (this.#lines.length <= value) this.#lines.push(undefined);
    return (this.#lines[value] ??= keptLines(`${this.#name.start}${value}\r\n`));
  }
}

/** A text that is put together is a tree of its parts, walked whenever it is written; this one is a row of characters. */
export const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
