// Reads the first bytes of a connection before it is anybody's, and puts back what belongs to what comes next.
import type { Socket } from 'node:net';

/** How many of the bytes so far belong to what was read. */
export type Taken = 'more' | 'refuse' | number;

/** Called with every chunk; `all` gives the bytes from the first one on. */
export type Take = (chunk: Buffer, all: () => Buffer) => Taken;

/** What a refused client still sends is thrown away for so long, so that it gets to read why. */
const LINGER_MS = 500;

export interface ReadAheadOptions {
  readonly timeoutMs: number;
  /** Sent when `take` refuses. */
  readonly farewell?: Uint8Array;
  /** The socket is paused, and its next byte is the one behind what was taken. */
  onRead(): void;
  /** Refused, too late, or the client left: the socket is gone. */
  onGone?(): void;
}

export function readAhead(socket: Socket, take: Take, options: ReadAheadOptions): void {
  let chunks: Buffer[] = [];
  const all = (): Buffer => {
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    chunks = [bytes];
    return bytes;
  };
  const stop = (): void => {
    clearTimeout(timer);
    socket.removeListener('data', read);
    socket.removeListener('end', giveUp);
    socket.removeListener('close', giveUp);
  };
  const giveUp = (): void => {
    stop();
    socket.destroy();
    options.onGone?.();
  };
  const refuse = (): void => {
    stop();
    if (options.farewell === undefined) socket.destroy();
    else sayFarewell(socket, options.farewell);
    options.onGone?.();
  };
  const read = (chunk: Buffer): void => {
    chunks.push(chunk);
    const taken = take(chunk, all);
    if (taken === 'more') return;
    if (taken === 'refuse') return refuse();
    stop();
    socket.pause();
    const bytes = all();
    if (taken < bytes.length) socket.unshift(bytes.subarray(taken));
    options.onRead();
  };
  const timer = setTimeout(giveUp, options.timeoutMs);
  socket.on('data', read);
  socket.on('end', giveUp);
  socket.on('close', giveUp);
  socket.resume();
}

function sayFarewell(socket: Socket, farewell: Uint8Array): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroySoon());
  socket.end(farewell);
  socket.resume();
}
