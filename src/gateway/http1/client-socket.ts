// The socket of a client connection without its protocol: writing whole messages, noticing that they do not leave, stopping
// and going on reading, and the one deadline that runs.
import type * as net from 'node:net';
import type { TlsSession } from '../tls/session.ts';
import type { DeadlineList } from './deadlines.ts';
import { keepBytes } from './lent-bytes.ts';
import { type Sender, sendSoon } from './outbox.ts';
import { Peer } from './peer.ts';
import type { ConnectionInfo } from './server.ts';

const MIN_BYTES_PER_SECOND = 500;
/** More than that does not wait for the end of the turn. */
const MAX_HELD = 16_384;

/** What the current deadline is about. */
export type Waiting = 'idle' | 'head' | 'body' | 'send' | 'linger';

export type Waits = Readonly<Record<Waiting, DeadlineList>>;

export abstract class ClientSocket extends Peer implements Sender {
  protected readonly socket: net.Socket;
  protected waiting: Waiting = 'idle';
  protected paused = false;
  /** Bytes read, or still to be sent, when the current deadline began. */
  protected mark = 0;
  readonly waits: Waits;
  /** Written at the end of this turn. */
  private held = '';

  constructor(socket: net.Socket, waits: Waits, info: ConnectionInfo, tlsSession: TlsSession | undefined) {
    super(socket, info, tlsSession);
    this.socket = socket;
    this.waits = waits;
  }

  /** What is held goes out first, as far as the system takes it at once. */
  destroy(): void {
    this.sendNow();
    this.socket.destroy();
  }

  /** @returns false when nothing more should be written for now. */
  writeText(text: string): boolean {
    if (this.held === '') sendSoon(this);
    this.held += text;
    if (this.held.length > MAX_HELD) this.sendNow();
    return this.isFlowing();
  }

  sendNow(): void {
    const { held } = this;
    if (held === '') return;
    this.held = '';
    this.socket.write(held, 'latin1');
    this.isFlowing();
  }

  writeParts(before: string, chunk: Uint8Array, after: string): boolean {
    const { socket } = this;
    const text = this.held + before;
    this.held = '';
    if (text === '' && after === '') socket.write(chunk);
    else {
      socket.cork();
      if (text !== '') socket.write(text, 'latin1');
      socket.write(chunk);
      if (after !== '') socket.write(after, 'latin1');
      socket.uncork();
    }
    if (socket.writableLength > 0) keepBytes(chunk);
    return this.isFlowing();
  }

  /** Everything handed over has left, or what is left is within the socket's mark. Starts the send deadline otherwise. */
  private isFlowing(): boolean {
    if (!this.isCongested()) return true;
    this.waitForSending();
    return false;
  }

  protected isCongested(): boolean {
    return this.socket.writableLength > 0 && this.socket.writableNeedDrain;
  }

  protected waitForSending(): void {
    this.mark = this.unsent();
    this.wait('send');
  }

  /** The deadline of sending has come: have enough bytes left since it began? */
  protected isSendingTooSlow(stallTimeoutMs: number): boolean {
    return this.unsent() >= this.mark - leastBytes(stallTimeoutMs);
  }

  /** The deadline of a body has come: have enough of its bytes arrived since it began? */
  protected isReadingTooSlow(bytesRead: number, stallTimeoutMs: number): boolean {
    return bytesRead - this.mark < leastBytes(stallTimeoutMs);
  }

  /** Goes down as bytes leave; libuv's own count, where there is one, shows progress inside a large write. */
  private unsent(): number {
    const { _handle: handle } = this.socket as unknown as { _handle?: { writeQueueSize?: number } | null };
    return this.socket.writableLength + (handle?.writeQueueSize ?? 0);
  }

  protected wait(what: Waiting): void {
    this.waiting = what;
    this.waits[what].add(this);
  }

  protected pauseSocket(): void {
    if (this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  protected resumeSocket(): void {
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }
}

const leastBytes = (stallTimeoutMs: number): number => (MIN_BYTES_PER_SECOND * stallTimeoutMs) / 1_000;
