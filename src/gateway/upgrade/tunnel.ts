// Two sockets joined after 101: bytes go both ways, each side waiting for the other, until both have said their last. Nothing
// of what passes is looked at. A side that is silent in both directions for the read timeout, or does not take what it is
// sent for the write timeout, ends both.
import type { Socket } from 'node:net';
import { clearDeadline, type Deadlines, Expiring } from '../http1/deadlines.ts';

export interface TunnelEnd {
  readonly socket: Socket;
  /** Came behind the head. */
  readonly bytes: Buffer;
}

export interface TunnelOptions {
  readonly client: TunnelEnd;
  readonly upstream: TunnelEnd;
  readonly idleMs: number;
  /** For the side that is written to. */
  readonly sendMs: number;
  readonly deadlines: Deadlines;
  /** Once, when one side is gone. */
  onEnd(): void;
  /** Bytes were handed to the client. */
  onSent(count: number): void;
}

export class Tunnel extends Expiring {
  readonly #options: TunnelOptions;
  readonly #client: Socket;
  readonly #upstream: Socket;
  #blocked = 0;
  #isOver = false;

  constructor(options: TunnelOptions) {
    super();
    this.#options = options;
    const { client, upstream } = options;
    this.#client = client.socket;
    this.#upstream = upstream.socket;
    // The end of one direction is not the end of the other.
    this.#client.allowHalfOpen = true;
    this.#upstream.allowHalfOpen = true;
    this.#upstream.setNoDelay(true);
    this.#join(upstream, client, (count) => options.onSent(count));
    this.#join(client, upstream, () => undefined);
    this.#wait();
  }

  override onDeadline(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #join({ socket: from, bytes }: TunnelEnd, { socket: to }: TunnelEnd, count: (bytes: number) => void): void {
    const pass = (chunk: Buffer): void => {
      count(chunk.length);
      if (to.destroyed || to.writableEnded) return;
      if (!to.write(chunk) && !from.isPaused()) {
        this.#blocked++;
        from.pause();
        to.once('drain', () => {
          this.#blocked--;
          from.resume();
          this.#wait();
        });
      }
      this.#wait();
    };
    if (bytes.length > 0) pass(bytes);
    from.on('data', pass);
    // A client may have ended its side while it waited for the switch.
    if (from.readableEnded) to.end();
    else from.on('end', () => to.end());
    from.on('close', () => {
      if (this.#isOver) return clearDeadline(this);
      this.#isOver = true;
      // What the other side was sent it may still take, but not for ever.
      to.destroySoon();
      this.#options.deadlines.list(this.#options.sendMs).add(this);
      this.#options.onEnd();
    });
    from.resume();
  }

  #wait(): void {
    const { deadlines, idleMs, sendMs } = this.#options;
    if (this.#isOver) return;
    deadlines.list(this.#blocked > 0 ? sendMs : idleMs).add(this);
  }
}
