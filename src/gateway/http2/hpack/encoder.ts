// Encodes header lists (RFC 7541, 3 and 6). One for each connection. Strings go out raw: Huffman's code would make them shorter
// and dearer, and what comes again goes out as one number anyway.
import { latin1 } from '../../http1/latin1.ts';
import { DynamicTable } from './dynamic-table.ts';
import { NameMemory } from './name-memory.ts';
import {
  DEFAULT_TABLE_SIZE,
  INDEXED,
  INDEXED_MASK,
  LITERAL_MASK,
  NEVER_INDEXED,
  SIZE_UPDATE,
  SIZE_UPDATE_MASK,
  WITH_INDEXING,
  WITH_INDEXING_MASK,
  WITHOUT_INDEXING,
} from './representations.ts';
import { ENTRY_OVERHEAD, LAST_STATIC } from './static-table.ts';
import { MOST_INTEGER_OCTETS, writeInteger, writeString } from './write.ts';

export class HpackEncoder {
  private readonly table = new DynamicTable(DEFAULT_TABLE_SIZE);
  private readonly names = new NameMemory();
  /** What the peer allows, and the least that it allowed since the last block. */
  private allowed = DEFAULT_TABLE_SIZE;
  private leastAllowed = DEFAULT_TABLE_SIZE;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. The next block says what of it is used. */
  setMaxTableSize(size: number): void {
    this.allowed = Math.min(size, DEFAULT_TABLE_SIZE);
    this.leastAllowed = Math.min(this.leastAllowed, this.allowed);
  }

  /** How many bytes `encode` may need at most for these lines. */
  roomFor(lines: readonly string[]): number {
    // Two size updates, and for each field an index (or a zero) and two lengths.
    let most = 2 * MOST_INTEGER_OCTETS + lines.length * (MOST_INTEGER_OCTETS + 1);
    for (let i = 0; i < lines.length; i++) most += (lines[i] as string).length;
    return most;
  }

  /** Writes the block of these lines (names in lower case and values in turn, one octet a character) at out[at]; returns its end. */
  encode(lines: readonly string[], out: Buffer, at: number): number {
    let end = this.leastAllowed < this.table.maxSize || this.allowed > this.table.maxSize ? this.sizes(out, at) : at;
    for (let i = 0; i < lines.length; i += 2) end = this.field(lines[i] as string, lines[i + 1] as string, out, end);
    return end;
  }

  private field(name: string, value: string, out: Buffer, at: number): number {
    const known = this.names.of(name);
    if (known === undefined) return this.literal(WITHOUT_INDEXING, LITERAL_MASK, 0, name, value, out, at);
    for (let i = 0; i < known.staticValues.length; i++) {
      if (known.staticValues[i] === value) return writeInteger(INDEXED, INDEXED_MASK, known.staticIndex + i, out, at);
    }
    const entry = known.entry;
    if (entry.serial !== 0 && entry.value === value) {
      known.unused = 0;
      return writeInteger(INDEXED, INDEXED_MASK, this.indexOf(entry.serial), out, at);
    }
    const nameIndex = known.staticIndex !== 0 || entry.serial === 0 ? known.staticIndex : this.indexOf(entry.serial);
    if (known.isSecret) return this.literal(NEVER_INDEXED, LITERAL_MASK, nameIndex, name, value, out, at);
    const size = name.length + value.length + ENTRY_OVERHEAD;
    if (size * 2 > this.table.maxSize || !known.isWorthAdding(value, nameIndex)) {
      return this.literal(WITHOUT_INDEXING, LITERAL_MASK, nameIndex, name, value, out, at);
    }
    const end = this.literal(WITH_INDEXING, WITH_INDEXING_MASK, nameIndex, name, value, out, at);
    // A copy: the string may be part of a whole head, which the table would hold with it.
    known.added(this.table.add(known.name, latin1(out, end - value.length, end)));
    return end;
  }

  private literal(
    kind: number,
    mask: number,
    nameIndex: number,
    name: string,
    value: string,
    out: Buffer,
    at: number,
  ): number {
    let end = writeInteger(kind, mask, nameIndex, out, at);
    if (nameIndex === 0) end = writeString(name, out, end);
    return writeString(value, out, end);
  }

  private indexOf(serial: number): number {
    return LAST_STATIC + 1 + this.table.newest - serial;
  }

  /** When the table shrank and grew again, both are said: the peer has to drop what we dropped. */
  private sizes(out: Buffer, at: number): number {
    let end = at;
    if (this.leastAllowed < this.table.maxSize && this.leastAllowed < this.allowed) {
      this.table.resize(this.leastAllowed);
      end = writeInteger(SIZE_UPDATE, SIZE_UPDATE_MASK, this.leastAllowed, out, end);
    }
    this.table.resize(this.allowed);
    this.leastAllowed = this.allowed;
    return writeInteger(SIZE_UPDATE, SIZE_UPDATE_MASK, this.allowed, out, end);
  }
}
