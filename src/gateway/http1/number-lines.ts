// Header lines that carry a number: those of small numbers are written once and kept, for they are most of what goes out.

const KEPT = 2_000;

export class NumberLines {
  readonly #name: string;
  readonly #lines: (string | undefined)[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** `Name: 7`, with its line end. */
  line(value: number): string {
    if (!(value >= 0 && value < KEPT)) return this.#write(value);
    while (this.#lines.length <= value) this.#lines.push(undefined);
    return (this.#lines[value] ??= flat(this.#write(value)));
  }

  #write(value: number): string {
    return `${this.#name}: ${value}\r\n`;
  }
}

/** A text that is put together is a tree of its parts, walked whenever it is written; this one is a row of characters. */
export const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
