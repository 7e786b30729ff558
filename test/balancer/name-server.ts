// A small name server on UDP and TCP of one port, for tests: a zone of records, answered for as real servers do.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { TestContext } from 'node:test';

export interface ZoneRecord {
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'SRV';
  readonly ttl?: number;
  readonly value: string;
  /** These three of SRV only. */
  readonly port?: number;
  readonly weight?: number;
  readonly priority?: number;
}

export interface NameServerRig {
  /** As dns_resolver wants it. */
  readonly address: string;
  readonly zone: Map<string, readonly ZoneRecord[]>;
  /** `TYPE name` of every question, in order. */
  readonly questions: string[];
  /** Names whose questions are answered with this code, or (-1) not at all. */
  readonly trouble: Map<string, number>;
  /** Over UDP only the word that the answer does not fit. */
  isTruncating: boolean;
  /** Sent before the answer. */
  noise: ((question: Buffer) => Buffer) | undefined;
}

const NUMBERS: Readonly<Record<string, number>> = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 };
const NAMES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name]));

export async function startNameServer(t: TestContext): Promise<NameServerRig> {
  const udp = createSocket('udp4');
  const tcp = createServer();
  await listen(udp, tcp);
  const { port } = udp.address();
  const rig: NameServerRig = {
    address: `127.0.0.1:${port}`,
    zone: new Map(),
    questions: [],
    trouble: new Map(),
    isTruncating: false,
    noise: undefined,
  };
  udp.on('message', (question, from) => {
    const answer = answerTo(rig, question, rig.isTruncating);
    if (rig.noise !== undefined) udp.send(rig.noise(question), from.port, from.address);
    if (answer !== undefined) udp.send(answer, from.port, from.address);
  });
  tcp.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      const answer = answerTo(rig, bytes.subarray(2), false);
      if (answer === undefined) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length, 0);
      // In two pieces, as the network may have it.
      socket.write(Buffer.concat([length, answer.subarray(0, 3)]));
      setTimeout(() => socket.end(answer.subarray(3)), 5);
    });
  });
  t.after(() => {
    udp.close();
    tcp.close();
  });
  return rig;
}

/** The same port for both. */
async function listen(udp: UdpSocket, tcp: Server): Promise<void> {
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => udp.bind((tcp.address() as AddressInfo).port, '127.0.0.1', resolve));
}

function answerTo(rig: NameServerRig, question: Buffer, isTruncated: boolean): Buffer | undefined {
  let at = 12;
  const labels: string[] = [];
  while (question[at] !== 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!));
    at += 1 + question[at]!;
  }
  const name = labels.join('.').toLowerCase();
  const type = NAMES.get(question.readUInt16BE(at + 1)) ?? '?';
  rig.questions.push(`${type} ${name}`);
  const trouble = rig.trouble.get(name);
  if (trouble === -1) return undefined;
  const records: Buffer[] = [];
  // Aliases come with what they lead to, as far as the zone knows it.
  let current: string | undefined = name;
  const seen = new Set<string>();
  while (current !== undefined && trouble === undefined && !seen.has(current)) {
    seen.add(current);
    const own: readonly ZoneRecord[] = rig.zone.get(current) ?? [];
    const alias: ZoneRecord | undefined = own.find((record) => record.type === 'CNAME');
    for (const record of own) {
      if (record.type === type || record === alias) records.push(encode(current, record));
    }
    current = type === 'CNAME' ? undefined : alias?.value;
  }
  const isKnown = rig.zone.has(name);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(question.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8180 | (isTruncated ? 0x0200 : 0) | (trouble ?? (isKnown ? 0 : 3)), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isTruncated ? 0 : records.length, 6);
  return Buffer.concat([head, question.subarray(12, at + 5), ...(isTruncated ? [] : records)]);
}

export function encodeName(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function encode(name: string, record: ZoneRecord): Buffer {
  const data = dataOf(record);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(NUMBERS[record.type]!, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(record.ttl ?? 60, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function dataOf(record: ZoneRecord): Buffer {
  if (record.type === 'A') return Buffer.from(record.value.split('.').map(Number));
  if (record.type === 'CNAME') return encodeName(record.value);
  if (record.type === 'AAAA') return Buffer.from(record.value.padStart(32, '0'), 'hex');
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(record.priority ?? 0, 0);
  numbers.writeUInt16BE(record.weight ?? 0, 2);
  numbers.writeUInt16BE(record.port ?? 0, 4);
  return Buffer.concat([numbers, encodeName(record.value)]);
}
