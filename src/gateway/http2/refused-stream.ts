// A stream whose request never became an exchange. Its answer is small, but a client may neither read it nor end its own side:
// it gets as long as any other that does not move, and what it still sends is thrown away.
import { clearDeadline } from '../http1/deadlines.ts';
import type { HeaderList } from '../http1/headers.ts';
import { answerLines } from './answer-headers.ts';
import type { Http2Connection } from './connection.ts';
import { CODE } from './frames.ts';
import { Http2Stream } from './stream.ts';

const DISCARD_BYTES = 65_536;

export class RefusedStream extends Http2Stream {
  #discarded = 0;

  constructor(connection: Http2Connection, id: number, remoteClosed: boolean) {
    super(connection, id, remoteClosed);
    connection.waits.send.add(this);
  }

  answer(status: number, headers: HeaderList, body: string): void {
    const bytes = Buffer.from(body);
    this.sendHead(answerLines(status, headers, bytes.length, this.connection.httpDate()), bytes.length === 0);
    if (bytes.length > 0) this.sendData(bytes, true);
    if (this.localClosed && this.remoteClosed) clearDeadline(this);
  }

  override onData(chunk: Buffer, _isLent: boolean, isLast: boolean): void {
    this.#discarded += chunk.length;
    this.grant();
    if (this.#discarded > DISCARD_BYTES && !isLast) this.reset(this.localClosed ? CODE.noError : CODE.cancel);
    if (isLast && this.localClosed) clearDeadline(this);
  }

  override onTrailers(): void {
    if (this.localClosed) clearDeadline(this);
  }

  protected override onSent(): void {
    if (this.remoteClosed) clearDeadline(this);
  }

  protected override onDropped(): void {
    clearDeadline(this);
  }

  override onDeadline(): void {
    this.connection.resetProvoked(this, this.localClosed ? CODE.noError : CODE.cancel);
  }
}
