// Reads of accepted sockets go into one piece of memory that all connections of a server share: requests are short, and a
// fresh buffer for each read costs more than the rest of the read. What somebody keeps is copied out before the callback
// returns. The surprise: `net.Server` has no option for it, so the accepted handle is moved to a socket of our own making, and
// a secured socket is given the option afterwards; where a runtime does not allow that, the socket is read in the ordinary way.
import * as net from 'node:net';

const SIZE = 65_536;

/** What is moved: the handle, and the server's count of its connections. */
interface Accepted {
  _handle: { reading?: boolean } | null;
  _server: object | null;
}

/** What the runtime does with the `onread` option. The handle of a secured socket is one for its clear text. */
interface Reading {
  _handle: { useUserBuffer?(memory: Uint8Array): void } | null;
  [option: symbol]: unknown;
}

/** bytes[0, size) came. The answer is false to stop reading. */
export type Receive = (bytes: Buffer, size: number) => boolean;

export class SharedMemory {
  readonly bytes = Buffer.allocUnsafeSlow(SIZE);

  owns(chunk: Uint8Array): boolean {
    return chunk.buffer === this.bytes.buffer;
  }

  /** The chunk itself, or a copy when its memory is ours. */
  release(chunk: Buffer): Buffer {
    return this.owns(chunk) ? Buffer.from(chunk) : chunk;
  }

  /**
   * Moves a socket that was accepted with `pauseOnConnect` over to this memory. What `receive` gets is valid until it returns.
   The socket that is to be used from then on.
   */
  adopt(socket: net.Socket, receive: Receive): net.Socket {
    const { bytes } = this;
    const donor = socket as unknown as Accepted;
    const { _handle: handle } = donor;
    const isUsed = handle?.reading === true || socket.readableLength > 0;
    if (handle === null || handle === undefined || isUsed) return listen(socket, receive);
    donor._handle = null;
    const own = new net.Socket({
      handle: handle as never,
      allowHalfOpen: true,
      readable: true,
      writable: true,
      onread: { buffer: bytes, callback: (size: number) => receive(bytes, size) },
    });
    (own as unknown as Accepted)._server = donor._server;
    donor._server = null;
    return own;
  }

  /** As `adopt`, of a socket that stays the same: one whose handshake is done, or one that reads into this memory already. */
  take(socket: net.Socket, receive: Receive): net.Socket {
    const { bytes } = this;
    const reading = socket as unknown as Reading;
    const { _handle: handle } = reading;
    const memory = optionOf(socket, 'kBuffer');
    const callback = optionOf(socket, 'kBufferCb');
    const isUsed = socket.readableLength > 0 || socket.readableFlowing === true;
    if (handle?.useUserBuffer === undefined || memory === undefined || callback === undefined || isUsed)
      return listen(socket, receive);
    reading[callback] = (size: number) => receive(bytes, size);
    if (reading[memory] !== bytes) {
      reading[memory] = bytes;
      handle.useUserBuffer(bytes);
    }
    if (socket.readableFlowing === false) socket.resume();
    return socket;
  }
}

const options = new Map<string, symbol>();

/** Where the runtime keeps a part of the `onread` option. */
function optionOf(socket: net.Socket, name: string): symbol | undefined {
  let option = options.get(name);
  if (option === undefined) {
    option = Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
    if (option !== undefined) options.set(name, option);
  }
  return option;
}

function listen(socket: net.Socket, receive: Receive): net.Socket {
  socket.on('data', (chunk: Buffer) => receive(chunk, chunk.length));
  socket.resume();
  return socket;
}
