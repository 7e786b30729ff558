// Decodes header blocks (RFC 7541, 3 and 6). One for each connection: what a block means depends on all blocks before it.
import { BlockReader } from './block-reader.ts';
import { DynamicTable } from './dynamic-table.ts';
import { HpackError } from './hpack-error.ts';
import {
  DEFAULT_TABLE_SIZE,
  INDEXED,
  INDEXED_MASK,
  LITERAL_MASK,
  SIZE_UPDATE,
  SIZE_UPDATE_MASK,
  WITH_INDEXING,
  WITH_INDEXING_MASK,
} from './representations.ts';
import { ENTRY_OVERHEAD, LAST_STATIC, STATIC_NAMES, STATIC_VALUES } from './static-table.ts';

export { HpackError } from './hpack-error.ts';

const NO_LINES: string[] = [];

export class HpackDecoder {
  private readonly maxTableSize: number;
  private readonly table = new DynamicTable(DEFAULT_TABLE_SIZE);
  private readonly reader = new BlockReader();
  /** Of the list that is being decoded: where it goes, and what may still be added to it. */
  private lines: string[] = NO_LINES;
  private bytesLeft = 0;
  private pairsLeft = 0;
  private isWhole = true;

  /**
   * @param maxTableSize what we announce as SETTINGS_HEADER_TABLE_SIZE. One below 4096 limits what the peer says from then on;
   * that it says so at all is not asked for.
   */
  constructor(maxTableSize = DEFAULT_TABLE_SIZE) {
    this.maxTableSize = maxTableSize;
  }

  /**
   * Decodes the block bytes[start, end) and appends names and values in turn to `lines`, one character an octet.
   * False: the list is larger than `maxListBytes` (name, value and 32 for each field: RFC 9113, 10.5.1) or has more than
   * `maxPairs` fields. The block is decoded to its end all the same, for the table must stay right; nothing is appended from
   * there on.
   */
  decode(bytes: Buffer, start: number, end: number, lines: string[], maxListBytes: number, maxPairs: number): boolean {
    const reader = this.reader;
    reader.begin(bytes, start, end);
    this.lines = lines;
    this.bytesLeft = maxListBytes;
    this.pairsLeft = maxPairs;
    this.isWhole = true;
    let isStart = true;
    while (reader.at < end) {
      const first = bytes[reader.at++] as number;
      if (first >= INDEXED) this.indexed(reader.integer(first, INDEXED_MASK));
      else if (first >= WITH_INDEXING) this.literal(reader.integer(first, WITH_INDEXING_MASK), true);
      else if (first < SIZE_UPDATE) this.literal(reader.integer(first, LITERAL_MASK), false);
      else {
        if (!isStart) throw new HpackError('a size update behind a field');
        this.resize(reader.integer(first, SIZE_UPDATE_MASK));
        continue;
      }
      isStart = false;
    }
    // Nothing of this block is held.
    reader.finish();
    this.lines = NO_LINES;
    return this.isWhole;
  }

  private indexed(index: number): void {
    if (index > LAST_STATIC) {
      const { name, value } = this.dynamic(index);
      this.append(name, value);
    } else if (index === 0) throw new HpackError('index 0');
    else this.append(STATIC_NAMES[index] as string, STATIC_VALUES[index] as string);
  }

  private literal(index: number, isAdded: boolean): void {
    const isWanted = isAdded || this.isWhole;
    let name: string;
    if (index === 0) name = this.reader.string(isWanted);
    else name = index > LAST_STATIC ? this.dynamic(index).name : (STATIC_NAMES[index] as string);
    const value = this.reader.string(isWanted);
    if (isAdded) this.table.add(name, value);
    this.append(name, value);
  }

  private dynamic(index: number) {
    const entry = this.table.at(index - LAST_STATIC - 1);
    if (entry === undefined) throw new HpackError('an index behind the end of the table');
    return entry;
  }

  /** What was too much stays so: neither count grows again. */
  private append(name: string, value: string): void {
    this.bytesLeft -= name.length + value.length + ENTRY_OVERHEAD;
    if (this.bytesLeft < 0 || this.pairsLeft-- <= 0) this.isWhole = false;
    else this.lines.push(name, value);
  }

  private resize(size: number): void {
    if (size > this.maxTableSize) throw new HpackError('a size update above what was announced');
    this.table.resize(size);
  }
}
