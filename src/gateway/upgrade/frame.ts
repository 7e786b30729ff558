// One message of a WebSocket as plugins see and change it.
import { isUtf8 } from 'node:buffer';
import type { WebSocketFrame } from '../../pdk/index.ts';
import { isCloseStatus, type Message, type MessageType } from './frame-reader.ts';
import { closeData } from './frame-writer.ts';

const MAX_CONTROL_BYTES = 125;
const STATUS_BYTES = 2;

export class Frame implements WebSocketFrame {
  readonly type: MessageType;
  #data: Buffer;
  #status: number | undefined = undefined;

  constructor({ type, data }: Message) {
    this.type = type;
    const hasStatus = type === 'close' && data.length >= STATUS_BYTES;
    if (hasStatus) this.#status = data.readUInt16BE(0);
    this.#data = hasStatus ? data.subarray(STATUS_BYTES) : data;
  }

  get data(): Buffer {
    return this.#data;
  }
  set data(given: string | Uint8Array) {
    const data =
      typeof given === 'string' ? Buffer.from(given) : Buffer.from(given.buffer, given.byteOffset, given.length);
    const limit = this.type === 'close' ? MAX_CONTROL_BYTES - STATUS_BYTES : MAX_CONTROL_BYTES;
    const isMessage = this.type === 'text' || this.type === 'binary';
    if (!isMessage && data.length > limit) throw new RangeError(`a ${this.type} frame has at most ${limit} bytes`);
    if ((this.type === 'text' || this.type === 'close') && !isUtf8(data)) throw new TypeError('text has to be UTF-8');
    this.#data = data;
  }

  get status(): number | undefined {
    return this.#status;
  }
  set status(status: number | undefined) {
    if (this.type !== 'close') throw new TypeError(`a ${this.type} frame has no status`);
    if (status !== undefined && !isCloseStatus(status)) throw new RangeError(`${status} is no status of a close frame`);
    this.#status = status;
  }

  /** As it goes on. */
  get payload(): Buffer {
    return this.type === 'close' ? closeData(this.#status, this.#data) : this.#data;
  }
}
