// What each frame of a client means (RFC 9113 section 6), and which of them end a stream or the whole connection.
import type { Http2Connection } from './connection.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { CODE, FLAG, FRAME, MAX_FRAME_BYTES, MAX_WINDOW, readUint31, readUint32, SETTING } from './frames.ts';
import { HeaderBlocks } from './header-blocks.ts';
import { areTrailers } from './request-head.ts';

const MAX_FRAME_SETTING = 0xffffff;
const SETTING_BYTES = 6;
const MAX_SETTINGS = 32;

export class Incoming implements FrameSink {
  readonly #connection: Http2Connection;
  readonly #reader: FrameReader;
  readonly #blocks: HeaderBlocks;
  #hasSettings = false;
  /** Frames and header blocks that came whole. */
  finished = 0;

  constructor(connection: Http2Connection, maxPairs: number) {
    this.#connection = connection;
    this.#reader = new FrameReader(this);
    this.#blocks = new HeaderBlocks(maxPairs);
  }

  /** Something has begun whose end is not there yet, and which only its sender can finish. */
  get isInside(): boolean {
    return this.#blocks.isOpen || !this.#hasSettings || this.#reader.isInside;
  }

  /** As `isInside`, but for a piece of a body, which the stream waits for. */
  get isInsideOther(): boolean {
    return this.#blocks.isOpen || !this.#hasSettings || (this.#reader.isInside && !this.#reader.isInsideData);
  }

  /** Bytes there are of a piece of this stream's body that is not whole yet. */
  partOf(stream: number): number {
    return this.#reader.partOf(stream);
  }

  /** bytes[0, size) came; the memory is somebody else's when this returns. */
  read(bytes: Buffer, size: number): void {
    this.#reader.read(bytes, size);
  }

  onBadPreface(): void {
    this.#connection.fail(CODE.protocolError);
  }

  onTooLarge(): void {
    this.#connection.fail(CODE.frameSizeError);
  }

  onFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    start: number,
    end: number,
    isLent: boolean,
  ): boolean {
    const code = this.#judge(type, flags, stream, bytes, start, end, isLent);
    if (code !== CODE.noError) this.#connection.fail(code);
    if (!this.#blocks.isOpen) this.finished++;
    return !this.#connection.isOver;
  }

  /** @returns the error of the connection. */
  #judge(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    start: number,
    end: number,
    isLent: boolean,
  ): number {
    if (this.#blocks.isOpen !== (type === FRAME.continuation)) return CODE.protocolError;
    if (!this.#hasSettings && (type !== FRAME.settings || (flags & FLAG.ack) !== 0)) return CODE.protocolError;
    switch (type) {
      case FRAME.data:
        return this.#data(flags, stream, bytes, start, end, isLent);
      case FRAME.headers:
        return this.#headers(flags, stream, bytes, start, end);
      case FRAME.continuation:
        if (start === end && !this.#connection.patience.bearsEmpty()) return CODE.enhanceYourCalm;
        return this.#decoded(this.#blocks.goOn(flags, stream, bytes, start, end));
      case FRAME.windowUpdate:
        return this.#windowUpdate(stream, bytes, start, end);
      case FRAME.reset:
        return this.#reset(stream, start, end);
      case FRAME.settings:
        return this.#settings(flags, stream, bytes, start, end);
      case FRAME.ping:
        return this.#ping(flags, stream, bytes, start, end);
      case FRAME.priority:
        return this.#priority(stream, bytes, start, end);
      case FRAME.goaway:
        if (stream !== 0) return CODE.protocolError;
        if (end - start < 8) return CODE.frameSizeError;
        this.#connection.clientLeaves();
        return this.#bearEmpty();
      case FRAME.pushPromise:
        return CODE.protocolError;
      default:
        return this.#bearEmpty();
    }
  }

  #headers(flags: number, stream: number, bytes: Buffer, start: number, end: number): number {
    if ((stream & 1) === 0) return CODE.protocolError;
    const known = this.#connection.streams.get(stream);
    // Over for the client, who said so itself.
    if (known === undefined && stream <= this.#connection.lastStream && !this.#connection.wasReset(stream))
      return CODE.streamClosed;
    return this.#decoded(this.#blocks.begin(flags, stream, bytes, start, end));
  }

  /** A block is complete, unless it is still open. */
  #decoded(code: number): number {
    const { stream, endsStream, lines, isWhole, isOpen } = this.#blocks;
    if (code !== CODE.noError || isOpen) return code;
    const connection = this.#connection;
    const known = connection.streams.get(stream);
    if (known === undefined) {
      // What was on its way when the stream was reset.
      if (stream <= connection.lastStream) return this.#bearEmpty();
      connection.lastStream = stream;
      if (this.#blocks.isOwnParent) return connection.refuse(stream, CODE.protocolError);
      return connection.open(stream, lines, isWhole, endsStream);
    }
    if (known.remoteClosed) connection.resetProvoked(known, CODE.streamClosed);
    else if (!endsStream || !isWhole || this.#blocks.isOwnParent || !areTrailers(lines))
      connection.resetProvoked(known, CODE.protocolError);
    else {
      known.remoteClosed = true;
      known.onTrailers(lines);
      known.endRemote();
    }
    return CODE.noError;
  }

  #data(flags: number, id: number, bytes: Buffer, from: number, to: number, isLent: boolean): number {
    const connection = this.#connection;
    if (id === 0) return CODE.protocolError;
    let start = from;
    let end = to;
    if ((flags & FLAG.padded) !== 0) {
      if (start === end) return CODE.frameSizeError;
      end -= bytes[start++] as number;
      if (start > end) return CODE.protocolError;
    }
    const isLast = (flags & FLAG.endStream) !== 0;
    if (start === end && !isLast && !connection.patience.bearsEmpty()) return CODE.enhanceYourCalm;
    connection.receiveWindow -= to - from;
    if (connection.receiveWindow < 0) return CODE.flowControlError;
    const stream = connection.streams.get(id);
    if (stream === undefined) return this.#dataOfNone(id, to - from);
    if (stream.remoteClosed) {
      connection.credit(to - from);
      connection.resetProvoked(stream, CODE.streamClosed);
      return CODE.noError;
    }
    if (!stream.receive(to - from)) return CODE.flowControlError;
    stream.remoteClosed = isLast;
    stream.onData(bytes.subarray(start, end), isLent, isLast);
    if (isLast) stream.endRemote();
    return CODE.noError;
  }

  #dataOfNone(id: number, size: number): number {
    const connection = this.#connection;
    if (isIdle(connection, id)) return CODE.protocolError;
    connection.credit(size);
    return connection.wasReset(id) ? CODE.noError : connection.refuse(id, CODE.streamClosed);
  }

  #windowUpdate(id: number, bytes: Buffer, start: number, end: number): number {
    if (end - start !== 4) return CODE.frameSizeError;
    const connection = this.#connection;
    if (!connection.patience.bearsGrant(connection.sent)) return CODE.enhanceYourCalm;
    const size = readUint31(bytes, start);
    if (id === 0) {
      if (size === 0) return CODE.protocolError;
      connection.sendWindow += size;
      if (connection.sendWindow > MAX_WINDOW) return CODE.flowControlError;
      connection.feed();
      return CODE.noError;
    }
    const stream = connection.streams.get(id);
    if (stream === undefined) return isIdle(connection, id) ? CODE.protocolError : CODE.noError;
    if (size === 0) connection.resetProvoked(stream, CODE.protocolError);
    else if (!stream.widen(size)) connection.resetProvoked(stream, CODE.flowControlError);
    else connection.feedOne(stream);
    return CODE.noError;
  }

  #reset(id: number, start: number, end: number): number {
    if (end - start !== 4) return CODE.frameSizeError;
    const connection = this.#connection;
    if (id === 0 || isIdle(connection, id)) return CODE.protocolError;
    const stream = connection.streams.get(id);
    if (stream === undefined) return this.#bearEmpty();
    // Whatever code it gives: who has his answer only stops to send, anybody else throws away what was done for him.
    const isAnswered = stream.localClosed;
    stream.drop();
    return isAnswered ? CODE.noError : connection.countReset();
  }

  #settings(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    if (id !== 0) return CODE.protocolError;
    const connection = this.#connection;
    if (!connection.patience.bearsEmpty()) return CODE.enhanceYourCalm;
    if ((flags & FLAG.ack) !== 0) return end === start ? CODE.noError : CODE.frameSizeError;
    if ((end - start) % SETTING_BYTES !== 0) return CODE.frameSizeError;
    if ((end - start) / SETTING_BYTES > MAX_SETTINGS) return CODE.enhanceYourCalm;
    for (let at = start; at < end; at += SETTING_BYTES) {
      const name = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      const code = this.#setting(name, readUint32(bytes, at + 2));
      if (code !== CODE.noError) return code;
    }
    this.#hasSettings = true;
    connection.out.settingsAck();
    connection.sendSoon();
    connection.feed();
    return CODE.noError;
  }

  #setting(name: number, value: number): number {
    const connection = this.#connection;
    switch (name) {
      case SETTING.headerTableSize:
        connection.out.encoder.setMaxTableSize(value);
        return CODE.noError;
      case SETTING.enablePush:
        return value <= 1 ? CODE.noError : CODE.protocolError;
      case SETTING.initialWindowSize:
        return value <= MAX_WINDOW && this.#widenAll(value - connection.initialWindow, value)
          ? CODE.noError
          : CODE.flowControlError;
      case SETTING.maxFrameSize:
        return value >= MAX_FRAME_BYTES && value <= MAX_FRAME_SETTING ? CODE.noError : CODE.protocolError;
      default:
        return CODE.noError;
    }
  }

  #widenAll(by: number, window: number): boolean {
    const connection = this.#connection;
    connection.initialWindow = window;
    for (const stream of connection.streams.values()) if (!stream.widen(by)) return false;
    return true;
  }

  #ping(flags: number, id: number, bytes: Buffer, start: number, end: number): number {
    if (id !== 0) return CODE.protocolError;
    if (end - start !== 8) return CODE.frameSizeError;
    const connection = this.#connection;
    if (!connection.patience.bearsEmpty()) return CODE.enhanceYourCalm;
    if ((flags & FLAG.ack) !== 0) connection.heardBack(bytes, start);
    else {
      connection.out.ping(true, bytes, start);
      connection.sendSoon();
    }
    return CODE.noError;
  }

  /** Nobody is preferred (RFC 9113 section 5.3.2); only what cannot be is refused. */
  #priority(id: number, bytes: Buffer, start: number, end: number): number {
    if (id === 0) return CODE.protocolError;
    const connection = this.#connection;
    const isSane = end - start === 5 && readUint31(bytes, start) !== id;
    if (isSane) return this.#bearEmpty();
    const code = end - start === 5 ? CODE.protocolError : CODE.frameSizeError;
    const stream = connection.streams.get(id);
    if (stream === undefined) return code;
    connection.resetProvoked(stream, code);
    return CODE.noError;
  }

  #bearEmpty(): number {
    return this.#connection.patience.bearsEmpty() ? CODE.noError : CODE.enhanceYourCalm;
  }
}

/** The client has not opened it, or never can. */
const isIdle = (connection: Http2Connection, id: number): boolean => (id & 1) === 0 || id > connection.lastStream;
