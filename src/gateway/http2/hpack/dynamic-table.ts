// The dynamic table: fields in the order they came, the oldest dropped when the sizes do not fit (RFC 7541, 2.3.2 and 4). The
// decoder and the encoder of a connection have one each.
import { ENTRY_OVERHEAD } from './static-table.ts';

export interface TableEntry {
  readonly name: string;
  /** Empty when the entry has been dropped: whoever still knows of it holds no memory. */
  value: string;
  readonly size: number;
  /** Counts from 1 with every entry of the table; 0 when the entry has been dropped. */
  serial: number;
}

/** An entry that is in no table. */
export const NO_ENTRY: TableEntry = { name: '', value: '', size: 0, serial: 0 };

/** A power of two: most connections need no more. */
const FIRST_SLOTS = 16;

export class DynamicTable {
  /** The serial of the newest entry. */
  newest = 0;
  private oldest = 1;
  private size = 0;
  private limit: number;
  /** An entry stands at its serial, modulo the length: a power of two. */
  private slots = new Array<TableEntry>(FIRST_SLOTS).fill(NO_ENTRY);

  /** @param limit how large the table may be, in octets. */
  constructor(limit: number) {
    this.limit = limit;
  }

  get maxSize(): number {
    return this.limit;
  }

  /** @param age 0 is the newest. Undefined: there are not so many. */
  at(age: number): TableEntry | undefined {
    const serial = this.newest - age;
    if (serial < this.oldest) return undefined;
    return this.slots[serial & (this.slots.length - 1)];
  }

  /** An entry that is larger than the table empties it and is not kept: NO_ENTRY (RFC 7541, 4.4). */
  add(name: string, value: string): TableEntry {
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.shrink(this.limit - size);
    if (size > this.limit) return NO_ENTRY;
    if (this.newest - this.oldest + 1 === this.slots.length) this.grow();
    const entry = { name, value, size, serial: ++this.newest };
    this.slots[entry.serial & (this.slots.length - 1)] = entry;
    this.size += size;
    return entry;
  }

  resize(limit: number): void {
    this.limit = limit;
    this.shrink(limit);
  }

  /** Drops the oldest until the rest is no larger than that. */
  private shrink(size: number): void {
    const mask = this.slots.length - 1;
    while (this.size > size && this.oldest <= this.newest) {
      const slot = this.oldest++ & mask;
      const entry = this.slots[slot] as TableEntry;
      this.slots[slot] = NO_ENTRY;
      this.size -= entry.size;
      entry.serial = 0;
      entry.value = '';
    }
  }

  private grow(): void {
    const before = this.slots;
    const after = new Array<TableEntry>(before.length * 2).fill(NO_ENTRY);
    for (const entry of before) after[entry.serial & (after.length - 1)] = entry;
    this.slots = after;
  }
}
