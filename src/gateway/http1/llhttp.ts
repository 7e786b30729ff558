// llhttp (WebAssembly build shipped inside undici, pinned exactly) as the authority on message heads. It is fed one whole
// head at a time and never a partial one. The surprise: for an empty value llhttp reports a span behind the line break, so
// every span is checked against the head and value spans are trimmed here before anybody sees them.
import { createRequire } from 'node:module';
import { createSpanSink } from './span-sink.ts';
import { type Functions, isCompileError, wasmInstance, wasmModule } from './wasm.ts';

const REQUEST = 1;
const RESPONSE = 2;
const OK = 0;
const PAUSED = 21;
const PAUSED_UPGRADE = 22;

/** The longest head that parse() takes, in bytes. */
export const MAX_HEAD_BYTES = 65_536;

const HTAB = 9;
const LF = 10;
const CR = 13;
const SP = 32;
const COLON = 58;

interface Exports {
  memory: { buffer: ArrayBuffer };
  llhttp_alloc(type: number): number;
  malloc(size: number): number;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_get_status_code(parser: number): number;
}

export interface HeadParser {
  /** Four numbers a header line: name start, name end, value start, value end, as offsets in the head. */
  readonly spans: Int32Array;
  /** Numbers in use: four times the header lines. */
  used: number;
  urlStart: number;
  urlEnd: number;
  major: number;
  minor: number;
  status: number;
  /** True when the last refusal was about the number of header lines. */
  tooManyLines: boolean;
  /** bytes[start, end) is one head with its final empty line. Offsets count from its first byte. */
  parse(bytes: Buffer, start: number, end: number): boolean;
}

/** A parser with its own instance: calls must not overlap, which one thread guarantees. */
export function createHeadParser(kind: 'request' | 'response'): HeadParser {
  const sink = createSpanSink();
  const { spans, callbacks } = sink;
  const wasm = wasmInstance(loadModule(), {
    env: {
      wasm_on_message_begin: callbacks['skip'],
      wasm_on_url: callbacks['url'],
      wasm_on_status: callbacks['skipSpan'],
      wasm_on_header_field: callbacks['name'],
      wasm_on_header_value: callbacks['value'],
      wasm_on_headers_complete: callbacks['done'],
      wasm_on_body: callbacks['skipSpan'],
      wasm_on_message_complete: callbacks['skip'],
    } as Functions,
  }) as Exports;
  const parser = wasm.llhttp_alloc(kind === 'request' ? REQUEST : RESPONSE);
  const input = wasm.malloc(MAX_HEAD_BYTES);
  sink.begin(input);
  let memory = Buffer.from(wasm.memory.buffer);

  const head: HeadParser = {
    spans,
    used: 0,
    urlStart: 0,
    urlEnd: 0,
    major: 0,
    minor: 0,
    status: 0,
    tooManyLines: false,
    parse(bytes, start, end) {
      const length = end - start;
      if (length > MAX_HEAD_BYTES) return false;
      // Memory that has grown leaves an empty view behind.
      if (memory.length === 0) memory = Buffer.from(wasm.memory.buffer);
      bytes.copy(memory, input, start, end);
      sink.clear();
      wasm.llhttp_reset(parser);
      const code = wasm.llhttp_execute(parser, input, length);
      const used = sink.used();
      head.used = used;
      const isGood = sink.isDone() && (used & 3) === 0 && (code === OK || code === PAUSED || code === PAUSED_UPGRADE);
      head.tooManyLines = !isGood && used === spans.length;
      if (!isGood) return false;
      head.major = wasm.llhttp_get_http_major(parser);
      head.minor = wasm.llhttp_get_http_minor(parser);
      head.status = kind === 'response' ? wasm.llhttp_get_status_code(parser) : 0;
      head.urlStart = sink.urlStart();
      head.urlEnd = sink.urlEnd();
      return linesAgree(spans, used, memory, input, length);
    },
  };
  return head;
}

/** Each header line is `name ":" OWS value OWS CRLF` and reaches exactly to the next one; values are trimmed on the way. */
function linesAgree(spans: Int32Array, used: number, bytes: Uint8Array, from: number, length: number): boolean {
  let next = length - 2;
  for (let i = used - 4; i >= 0; i -= 4) {
    if (bytes[from + next - 1] !== LF || bytes[from + next - 2] !== CR) return false;
    const nameEnd = spans[i + 1] as number;
    if (bytes[from + nameEnd] !== COLON) return false;
    let start = nameEnd + 1;
    let end = next - 2;
    while (start < end && isBlank(bytes[from + start])) start++;
    while (end > start && isBlank(bytes[from + end - 1])) end--;
    const reported = (spans[i + 3] as number) - (spans[i + 2] as number);
    if (start === end ? reported !== 0 : start !== spans[i + 2] || reported < end - start) return false;
    spans[i + 2] = start;
    spans[i + 3] = end;
    next = spans[i] as number;
  }
  return bytes[from + next - 1] === LF && bytes[from + next - 2] === CR;
}

const isBlank = (code: number | undefined): boolean => code === SP || code === HTAB;

let compiled: object | undefined;

/** Compiled once a process, on first use. The SIMD build needs CPU support that a few platforms lack. */
function loadModule(): object {
  if (compiled !== undefined) return compiled;
  const require = createRequire(import.meta.url);
  try {
    compiled = wasmModule(require('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer);
  } catch (error) {
    if (!isCompileError(error)) throw error;
    compiled = wasmModule(require('undici/lib/llhttp/llhttp-wasm.js') as Buffer);
  }
  return compiled;
}
