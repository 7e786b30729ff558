// What the encoder remembers of each name: where it stands in the tables, and whether its values are worth a place there.
import { latin1 } from '../../http1/latin1.ts';
import { NO_ENTRY, type TableEntry } from './dynamic-table.ts';
import { STATIC_NAMES, STATIC_VALUES } from './static-table.ts';

/** Names come from upstreams: neither many nor long ones are remembered. */
const MOST_NAMES = 128;
const LONGEST_NAME = 128;
/** After so many values in a row that were added and did not come again, a name is given up. */
const MOST_UNUSED = 2;

/** By so many of its last characters a value is known again. */
const MARKED = 8;

/** Never in a table, neither here nor where the peer sends it on: nobody shall find them out by trying (RFC 7541, 7.1.3). */
const SECRET_NAMES: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

const NO_VALUES: readonly string[] = [];

class StaticName {
  readonly name: string;
  /** Of its first entry. */
  readonly index: number;
  /** Those of the entries from there on; none when the only one is empty, as most are. */
  readonly values: string[] = [];

  constructor(name: string, index: number) {
    this.name = name;
    this.index = index;
  }
}

const STATIC: ReadonlyMap<string, StaticName> = staticNames();

export class KnownName {
  readonly name: string;
  readonly staticIndex: number;
  readonly staticValues: readonly string[];
  readonly isSecret: boolean;
  /** The one added last. */
  entry: TableEntry = NO_ENTRY;
  /** How many values in a row were added and did not come again. */
  unused = 0;
  /** Of the last value that was not added. */
  private mark = 0;

  constructor(name: string) {
    const found = STATIC.get(name);
    // A copy: the string may be part of a whole head, which would be held with it.
    this.name = found?.name ?? latin1(Buffer.from(name, 'latin1'));
    this.staticIndex = found?.index ?? 0;
    this.staticValues = found?.values ?? NO_VALUES;
    this.isSecret = SECRET_NAMES.has(name);
  }

  /**
   * What keeps changing is not added – unless a value came twice in a row, as a date does when many answers leave in a second,
   * or the tables do not even have the name.
   */
  isWorthAdding(value: string, nameIndex: number): boolean {
    if (this.unused < MOST_UNUSED || nameIndex === 0) return true;
    const mark = markOf(value);
    if (this.mark === mark) return true;
    this.mark = mark;
    return false;
  }

  added(entry: TableEntry): void {
    this.entry = entry;
    this.unused++;
  }
}

export class NameMemory {
  private readonly known = new Map<string, KnownName>();

  /** Undefined: one that is not remembered. */
  of(name: string): KnownName | undefined {
    return this.known.get(name) ?? this.remember(name);
  }

  private remember(name: string): KnownName | undefined {
    if (name.length > LONGEST_NAME) return undefined;
    // Begun anew, so that names of a while ago are not in the way of those of now.
    if (this.known.size >= MOST_NAMES) this.known.clear();
    const known = new KnownName(name);
    this.known.set(known.name, known);
    return known;
  }
}

/** Tells values apart by their length and their end, where dates, numbers and ids differ; to be wrong costs an entry. */
function markOf(value: string): number {
  let mark = value.length;
  for (let i = Math.max(0, value.length - MARKED); i < value.length; i++) mark = (mark * 31 + value.charCodeAt(i)) | 0;
  return mark;
}

function staticNames(): Map<string, StaticName> {
  const names = new Map<string, StaticName>();
  for (let index = 1; index < STATIC_NAMES.length; index++) {
    const name = STATIC_NAMES[index] as string;
    const value = STATIC_VALUES[index] as string;
    const known = names.get(name) ?? new StaticName(name, index);
    names.set(name, known);
    if (value !== '') known.values.push(value);
  }
  return names;
}
