// Messages of DNS: a question to bytes, bytes to the records of an answer. What comes from the network is never trusted:
// reads are bounded, names may only point backwards, and an answer to another question is no answer. Pure.

export type RecordType = 'A' | 'AAAA' | 'SRV' | 'CNAME';

export interface DnsRecord {
  readonly name: string;
  readonly type: RecordType;
  /** Seconds. */
  readonly ttl: number;
  /** An address, or the name that the record points to. */
  readonly value: string;
  /** SRV only; 0 elsewhere. */
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface DnsAnswer {
  readonly code: number;
  readonly isTruncated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

const NUMBERS: Readonly<Record<RecordType, number>> = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 };
const TYPES = new Map(Object.entries(NUMBERS).map(([type, number]) => [number, type as RecordType]));

const HEAD = 12;
const CLASS_IN = 1;
const MAX_NAME = 253;
const MAX_LABEL = 63;
const MAX_RECORDS = 256;

/** undefined for what cannot be a host name. */
export function encodeQuestion(id: number, name: string, type: RecordType): Buffer | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const labels = bare.split('.').map((label) => Buffer.from(label, 'latin1'));
  if (bare.length > MAX_NAME || labels.some(({ length }) => length === 0 || length > MAX_LABEL)) return undefined;
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(id, 0);
  // Recursion is wanted; one question.
  head.writeUInt16BE(0x0100, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.from([0, 0, NUMBERS[type], 0, CLASS_IN]);
  return Buffer.concat([head, ...labels.flatMap((label) => [Buffer.from([label.length]), label]), tail]);
}

/** undefined for bytes that are no answer to this question. */
export function decodeAnswer(bytes: Buffer, question: Buffer): DnsAnswer | undefined {
  try {
    return read(bytes, question);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(bytes: Buffer, question: Buffer): DnsAnswer | undefined {
  const flags = bytes.readUInt16BE(2);
  const isAnswer = bytes.readUInt16BE(0) === question.readUInt16BE(0) && (flags & 0x8000) !== 0;
  if (!isAnswer || !repeatsQuestion(bytes, question)) return undefined;
  const answerCount = bytes.readUInt16BE(6);
  const authorityCount = bytes.readUInt16BE(8);
  const additionalCount = bytes.readUInt16BE(10);
  const isTruncated = (flags & 0x0200) !== 0;
  const code = flags & 15;
  if (isTruncated) return { code, isTruncated, answers: [], additional: [] };
  const cursor = { at: question.length };
  const answers = readRecords(bytes, cursor, answerCount);
  readRecords(bytes, cursor, authorityCount);
  const additional = readRecords(bytes, cursor, additionalCount);
  return { code, isTruncated, answers, additional };
}

/** Byte for byte but for the case of letters. */
function repeatsQuestion(bytes: Buffer, question: Buffer): boolean {
  if (bytes.length < question.length || bytes.readUInt16BE(4) !== 1) return false;
  const text = (all: Buffer): string => all.toString('latin1', HEAD, question.length).toLowerCase();
  return text(bytes) === text(question);
}

interface Cursor {
  at: number;
}

function readRecords(bytes: Buffer, cursor: Cursor, count: number): DnsRecord[] {
  const records: DnsRecord[] = [];
  for (let i = 0; i < count && i < MAX_RECORDS; i++) {
    const record = readRecord(bytes, cursor);
    if (record !== undefined) records.push(record);
  }
  return records;
}

function readRecord(bytes: Buffer, cursor: Cursor): DnsRecord | undefined {
  const name = readName(bytes, cursor);
  const type = TYPES.get(bytes.readUInt16BE(cursor.at));
  const isInternet = bytes.readUInt16BE(cursor.at + 2) === CLASS_IN;
  const lifetime = bytes.readUInt32BE(cursor.at + 4);
  const length = bytes.readUInt16BE(cursor.at + 8);
  const start = cursor.at + 10;
  if (start + length > bytes.length) throw new RangeError('a record ends after the message');
  cursor.at = start + length;
  if (type === undefined || !isInternet) return undefined;
  // With the highest bit set the number means nothing (RFC 2181).
  const base = { name, type, ttl: lifetime > 0x7fffffff ? 0 : lifetime, port: 0, priority: 0, weight: 0 };
  switch (type) {
    case 'A':
      return length === 4 ? { ...base, value: bytes.subarray(start, start + 4).join('.') } : undefined;
    case 'AAAA':
      return length === 16 ? { ...base, value: ipv6(bytes, start) } : undefined;
    case 'CNAME':
      return { ...base, value: readName(bytes, { at: start }) };
    case 'SRV':
      return {
        ...base,
        priority: bytes.readUInt16BE(start),
        weight: bytes.readUInt16BE(start + 2),
        port: bytes.readUInt16BE(start + 4),
        value: readName(bytes, { at: start + 6 }),
      };
  }
}

function ipv6(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + 2 * i).toString(16)).join(':');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

/** In lower case. A pointer must go backwards, so that no message leads around in a circle. */
function readName(bytes: Buffer, cursor: Cursor): string {
  let name = '';
  let at = cursor.at;
  let lowest = at;
  let end: number | undefined;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length === 0) break;
    if (length >= 0xc0) {
      const to = bytes.readUInt16BE(at) & 0x3fff;
      if (to >= lowest) throw new RangeError('a name points forwards');
      end ??= at + 2;
      at = to;
      lowest = to;
      continue;
    }
    if (length > MAX_LABEL || at + 1 + length > bytes.length) throw new RangeError('a label is too long');
    name += `${name === '' ? '' : '.'}${bytes.toString('latin1', at + 1, at + 1 + length)}`;
    if (name.length > MAX_NAME) throw new RangeError('a name is too long');
    at += 1 + length;
  }
  cursor.at = end ?? at + 1;
  return name.toLowerCase();
}
