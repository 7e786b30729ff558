// Where llhttp's callbacks write what they found: a WebAssembly module of our own, some hundred bytes, put together here. Calls
// from one module to another cost a few nanoseconds; calls out to JavaScript, thirty of them a request, cost a tenth of all
// that a request takes here. Its whole logic: names and values come in turn, or the head is refused.
import { type Functions, wasmInstance, wasmModule } from './wasm.ts';

/** Header lines that are taken; one more and the head is refused. */
export const MAX_LINES = 1_000;

// Its memory, in bytes: four words, then the spans.
const FILLED = 0;
const DONE = 4;
const URL = 8;
const INPUT = 16;
const SPANS = 32;
/** A line is two spans of two words. */
const SPAN = 8;
const LIMIT = 2 * SPAN * MAX_LINES;

const I32 = 0x7f;
const FUNCTION = 0x60;
const EMPTY_BLOCK = 0x40;
const IF = 0x04;
const END = 0x0b;
const RETURN = 0x0f;
const AND = 0x71;
const OR = 0x72;
const XOR = 0x73;
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const AT_LEAST = 0x4f;

// Parameters of llhttp's span callbacks, and one local of ours.
const AT = 1;
const LENGTH = 2;
const HERE = 3;

export interface SpanSink {
  /** For llhttp's imports. */
  readonly callbacks: Functions;
  /** Four numbers a header line: name start, name end, value start, value end, counted from the input's first byte. */
  readonly spans: Int32Array;
  /** Where in llhttp's memory heads are put. */
  begin(input: number): void;
  /** Forgets the last head. */
  clear(): void;
  /** Numbers in `spans` that are in use; not a multiple of four where a value is missing. */
  used(): number;
  isDone(): boolean;
  urlStart(): number;
  urlEnd(): number;
}

export function createSpanSink(): SpanSink {
  const exported = wasmInstance(compile(), {}) as { memory: { buffer: ArrayBuffer } } & Functions;
  const words = new Int32Array(exported.memory.buffer, 0, SPANS / 4);
  return {
    callbacks: exported,
    spans: new Int32Array(exported.memory.buffer, SPANS, LIMIT / 4),
    begin: (input) => {
      words[INPUT / 4] = input;
    },
    clear: () => {
      words[FILLED / 4] = 0;
      words[DONE / 4] = 0;
    },
    used: () => (words[FILLED / 4] as number) / 4,
    isDone: () => words[DONE / 4] === 1,
    urlStart: () => words[URL / 4] as number,
    urlEnd: () => words[URL / 4 + 1] as number,
  };
}

let compiled: object | undefined;

/** Compiled once a process. Sections and instructions by the WebAssembly core specification, chapter 5. */
function compile(): object {
  if (compiled !== undefined) return compiled;
  const [parserOnly, spanOf, headersOf] = [0, 1, 2];
  const functions: [name: string, type: number, body: number[]][] = [
    ['skip', parserOnly, constant(0)],
    ['skipSpan', spanOf, constant(0)],
    ['url', spanOf, [...writeSpan(constant(0), URL), ...constant(0)]],
    ['name', spanOf, takeSpan(0)],
    ['value', spanOf, takeSpan(SPAN)],
    ['done', headersOf, [...store(constant(0), DONE, constant(1)), ...constant(0)]],
  ];
  const types = [1, 3, 4].map((count) => [FUNCTION, ...vector(Array(count).fill([I32])), ...vector([[I32]])]);
  const names = functions.map(([name], i) => [...text(name), 0x00, i]);
  const bodies = functions.map(([, , body]) => {
    const code = [...vector([[1, I32]]), ...body, END];
    return [...unsigned(code.length), ...code];
  });
  compiled = wasmModule(
    Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, types),
      ...section(
        3,
        functions.map(([, type]) => [type]),
      ),
      ...section(5, [[0x01, 1, 1]]),
      ...section(7, [[...text('memory'), 0x02, 0], ...names]),
      ...section(10, bodies),
    ]),
  );
  return compiled;
}

/** Refuses a span out of turn, and names above the limit; else writes it behind the last one. */
const takeSpan = (turn: number): number[] => [
  ...load(FILLED),
  ...[0x22, HERE],
  ...[...constant(SPAN), AND, ...constant(turn), XOR],
  ...[...local(HERE), ...constant(LIMIT), AT_LEAST, OR],
  ...[IF, EMPTY_BLOCK, ...constant(-1), RETURN, END],
  ...writeSpan(local(HERE), SPANS),
  ...store(constant(0), FILLED, [...local(HERE), ...constant(SPAN), ADD]),
  ...constant(0),
];

const writeSpan = (address: number[], offset: number): number[] => [
  ...store(address, offset, [...local(AT), ...load(INPUT), SUBTRACT]),
  ...store(address, offset + 4, [...local(AT), ...local(LENGTH), ADD, ...load(INPUT), SUBTRACT]),
];

const ALIGNED = 2;
const load = (offset: number): number[] => [...constant(0), 0x28, ALIGNED, ...unsigned(offset)];
const store = (address: number[], offset: number, value: number[]): number[] => [
  ...address,
  ...value,
  ...[0x36, ALIGNED, ...unsigned(offset)],
];
const local = (index: number): number[] => [0x20, index];
const constant = (value: number): number[] => [0x41, ...signed(value)];

const section = (id: number, items: number[][]): number[] => {
  const bytes = vector(items);
  return [id, ...unsigned(bytes.length), ...bytes];
};
const vector = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const text = (name: string): number[] => [...unsigned(name.length), ...Buffer.from(name)];

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
