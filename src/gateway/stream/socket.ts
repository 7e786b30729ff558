// Small doings with the sockets of clients.
import type { Socket } from 'node:net';

/** An IPv4 address in IPv6 form becomes the IPv4 address. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');

export type Taken = 'more' | 'refuse' | number;

/**
 * Reads until `take` knows how many bytes belong to what it reads, puts the rest back and leaves the socket paused. Resolves
 * to false when that was refused, took too long or the client left: then the socket is gone.
 */
export function readAhead(socket: Socket, take: (bytes: Buffer) => Taken, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (isRead: boolean): void => {
      clearTimeout(timer);
      socket.removeListener('data', read);
      socket.removeListener('end', giveUp);
      socket.removeListener('close', giveUp);
      socket.pause();
      if (!isRead) socket.destroy();
      resolve(isRead);
    };
    const giveUp = (): void => finish(false);
    const read = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const taken = take(bytes);
      if (taken === 'more') return;
      if (taken === 'refuse') return giveUp();
      finish(true);
      if (taken < bytes.length) socket.unshift(bytes.subarray(taken));
    };
    const timer = setTimeout(giveUp, timeoutMs);
    socket.on('data', read);
    socket.on('end', giveUp);
    socket.on('close', giveUp);
    socket.resume();
  });
}
