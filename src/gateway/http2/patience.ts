// What a client may do that costs us and not him: resets, provoked ones too, and frames that carry nothing. Who does too much of
// it in a second, or has most of many streams end badly, is cut off before more is done for him.
import { now } from '../http1/turn.ts';

const MAX_RESETS_A_SECOND = 100;
/** Of so many streams at most half may end badly. */
const RESET_SAMPLE = 1000;
const MAX_EMPTY_A_SECOND = 1000;
/** One grants as much as he likes in one frame; some grant each read of theirs, and who takes much reads often. */
const MAX_GRANTS_A_SECOND = 20_000;
const BYTES_A_GRANT = 512;

export class Patience {
  #resets = 0;
  #resetsInSecond = 0;
  #emptyInSecond = 0;
  #grantsInSecond = 0;
  #sentBefore = 0;
  #secondAt = 0;

  /** A stream ended badly, one of so many. False: that was one too many. */
  bearsReset(streams: number): boolean {
    this.#startSecond();
    this.#resets++;
    this.#resetsInSecond++;
    if (this.#resetsInSecond > MAX_RESETS_A_SECOND) return false;
    return streams < RESET_SAMPLE || this.#resets <= streams / 2;
  }

  /** As above, of a frame that carries nothing. */
  bearsEmpty(): boolean {
    this.#startSecond();
    return ++this.#emptyInSecond <= MAX_EMPTY_A_SECOND;
  }

  /** As above, of an update of a window. @param sent bytes of answers so far. */
  bearsGrant(sent: number): boolean {
    if (this.#startSecond()) this.#sentBefore = sent;
    return ++this.#grantsInSecond <= MAX_GRANTS_A_SECOND + (sent - this.#sentBefore) / BYTES_A_GRANT;
  }

  #startSecond(): boolean {
    const time = now();
    // A clock may be set back.
    if (time >= this.#secondAt && time - this.#secondAt < 1000) return false;
    this.#secondAt = time;
    this.#resetsInSecond = 0;
    this.#emptyInSecond = 0;
    this.#grantsInSecond = 0;
    return true;
  }
}
