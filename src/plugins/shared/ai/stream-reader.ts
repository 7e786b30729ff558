// Cuts the body of a streamed answer into its events: server-sent events, lines of JSON, or the event stream of AWS. What a
// provider sends beyond all measure breaks the answer off.
import type { JsonObject } from '../../../lib/json.ts';
import type { Driver } from './driver.ts';
import { parseJsonObject } from './request.ts';

export type StreamEvent = JsonObject | 'done';

const MAX_EVENT = 4 * 1024 * 1024;

export class StreamReader {
  readonly #framing: Driver['framing'];
  readonly #decoder = new TextDecoder();
  #text = '';
  #bytes: Buffer = Buffer.alloc(0);

  constructor(framing: Driver['framing']) {
    this.#framing = framing;
  }

  push(chunk: Uint8Array, last: boolean): StreamEvent[] {
    if (this.#framing === 'aws') return this.#messages(chunk);
    this.#text += this.#decoder.decode(chunk, { stream: !last });
    const lines = this.#text.split('\n');
    this.#text = last ? '' : (lines.pop() ?? '');
    if (this.#text.length > MAX_EVENT) throw new Error('an event of the stream is too large');
    return lines.flatMap((line) => this.#event(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  #event(line: string): StreamEvent[] {
    const isData = line.startsWith('data:');
    // Providers that send lines of JSON may still put them into events, and the other way round.
    const text = (isData ? line.slice(5) : line).trim();
    if (text === '[DONE]') return ['done'];
    if (!isData && !text.startsWith('{')) return [];
    const event = parseJsonObject(text);
    return event === undefined ? [] : [event];
  }

  #messages(chunk: Uint8Array): StreamEvent[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const events: StreamEvent[] = [];
    while (this.#bytes.length >= 12) {
      const length = this.#bytes.readUInt32BE(0);
      if (length > MAX_EVENT || length < 16) throw new Error('an event of the stream is too large');
      if (this.#bytes.length < length) break;
      const headers = this.#bytes.readUInt32BE(4);
      if (headers > length - 16) throw new Error('an event of the stream is broken');
      const names = awsHeaders(this.#bytes.subarray(12, 12 + headers));
      const payload = parseJsonObject(this.#bytes.toString('utf8', 12 + headers, length - 4));
      this.#bytes = this.#bytes.subarray(length);
      const type = names.get(':event-type');
      if (type !== undefined && payload !== undefined) events.push({ [type]: payload });
    }
    return events;
  }
}

const TEXT = 7;

/** Those that are texts; others end the reading. */
function awsHeaders(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes[at]!;
    if (bytes[nameEnd] !== TEXT || nameEnd + 3 > bytes.length) break;
    const end = nameEnd + 3 + bytes.readUInt16BE(nameEnd + 1);
    headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', nameEnd + 3, end));
    at = end;
  }
  return headers;
}
