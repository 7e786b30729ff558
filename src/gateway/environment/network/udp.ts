// Datagrams of plugins: one socket for each family of addresses, opened by the first datagram.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { addressesOf, type Resolve } from './lookup.ts';

/** Waiting for names and for the system. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export class UdpSender {
  readonly #resolve: Resolve;
  readonly #sockets = new Map<'udp4' | 'udp6', Socket>();
  #waitingBytes = 0;
  #isClosed = false;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  async send(host: string, port: number, datagrams: readonly string[]): Promise<void> {
    const buffers = datagrams.map((datagram) => Buffer.from(datagram));
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) throw new Error('too many datagrams wait to be sent');
    this.#waitingBytes += bytes;
    const failed = (what: string) => (error: Error) => {
      throw new Error(`${what} ${host}:${port}: ${error.message}`);
    };
    try {
      const [address] = await addressesOf(host, this.#resolve).catch(failed('could not connect to'));
      const socket = this.#socketFor(isIPv6(address) ? 'udp6' : 'udp4');
      await Promise.all(buffers.map((buffer) => sendOne(socket, buffer, port, address))).catch(
        failed('could not send data to'),
      );
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #socketFor(family: 'udp4' | 'udp6'): Socket {
    // A name may be answered when all is over; a socket opened then would keep the process from ending.
    if (this.#isClosed) throw new Error('the gateway has ended');
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const socket = createSocket(family);
    this.#sockets.set(family, socket);
    socket.on('error', () => {
      if (this.#sockets.get(family) !== socket) return;
      this.#sockets.delete(family);
      socket.close();
    });
    return socket;
  }
}

const sendOne = (socket: Socket, buffer: Buffer, port: number, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(buffer, port, address, (error) => (error === null ? resolve() : reject(error)));
  });
