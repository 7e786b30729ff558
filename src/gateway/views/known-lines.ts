// Header lines that plugins set: the same few names on every request, and often the same value as on the last one. Each name
// is judged once, and a line that comes again is taken as it was. Their number is bounded, for a plugin may make names of what
// clients send.
import type { HeaderValue } from '../../pdk/index.ts';
import { checkName } from '../http1/headers.ts';
import { LineName, OwnLine } from '../http1/own-lines.ts';
import { headerBytes } from './header-value.ts';

const MAX_NAMES = 1_000;
/** Longer values are not kept. */
const LONGEST = 256;

interface Known {
  readonly name: LineName;
  /** What the plugin gave for the last line. */
  value: HeaderValue | undefined;
  line: OwnLine | undefined;
}

export class KnownLines {
  readonly #known = new Map<string, Known>();

  /** Throws HeaderError unless the name is a token and the value keeps to its line. */
  line(name: string, value: HeaderValue): OwnLine {
    const known = this.#known.get(name) ?? this.#note(name);
    const { line: last } = known;
    if (last !== undefined && known.value === value) {
      // It will come again: as one piece it is cheaper to write.
      return last.isKept ? last : (known.line = new OwnLine(known.name, last.value, true));
    }
    const line = new OwnLine(known.name, headerBytes(name, value));
    if (line.value.length <= LONGEST) {
      known.value = value;
      known.line = line;
    }
    return line;
  }

  /** Throws HeaderError unless it is a token. */
  check(name: string): void {
    if (!this.#known.has(name)) this.#note(name);
  }

  #note(name: string): Known {
    checkName(name);
    const known: Known = { name: new LineName(name), value: undefined, line: undefined };
    if (this.#known.size < MAX_NAMES) this.#known.set(name, known);
    return known;
  }
}
