// A stream whose request never became an exchange. Its answer is small, but a client may neither read it nor end its own side:
// it gets as long as any other that does not move.
import { constants, type ServerHttp2Stream } from 'node:http2';
import { clearDeadline, type DeadlineList, Expiring } from '../http1/deadlines.ts';

export class RefusedStream extends Expiring {
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, patience: DeadlineList) {
    super();
    this.#stream = stream;
    stream.on('close', () => clearDeadline(this));
    patience.add(this);
  }

  override onDeadline(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}
