// Header lines as members of a JSON object, each with its comma in front: names in lower case, credentials hidden. A name that
// stands there twice has to become a list, which is not for here: whoever asks is told. One object serves all records, one
// head after the other.
import type { HeaderList } from '../http1/headers.ts';
import type { OwnLines } from '../http1/own-lines.ts';
import { HeaderLabels } from './header-labels.ts';

export class HeaderMembers {
  text = '';
  /** A name is there twice, or cannot be written in this way. */
  isOdd = false;
  // A bit for each label: only where two meet can there be a name twice.
  low = 0;
  high = 0;
  readonly labels = new HeaderLabels();
  readonly #visit = (name: string, value: string): void => {
    const label = this.labels.of(name);
    if (label.isOdd) this.isOdd = true;
    const bit = 1 << (label.slot & 31);
    if (label.slot < 32) {
      if ((this.low & bit) !== 0) this.isOdd = true;
      this.low |= bit;
    } else {
      if ((this.high & bit) !== 0) this.isOdd = true;
      this.high |= bit;
    }
    this.text += label.member(value);
  };
  readonly #visitOwn = (name: string, value: string): void => {
    this.text += this.labels.of(name).write(value);
  };

  /** Begins with what is known already. */
  begin(text: string, low: number, high: number): void {
    this.text = text;
    this.low = low;
    this.high = high;
    this.isOdd = false;
  }

  addReceived(list: HeaderList): void {
    list.forEachReceived(this.#visit);
  }

  /** What was added to the list, and the gateway's own lines: those have names of their own. */
  addRest(list: HeaderList): void {
    list.forEachAdded(this.#visit);
    for (const lines of list.ownLines) this.#addOwn(lines);
  }

  #addOwn(lines: OwnLines): void {
    const before = this.text;
    if (lines.members === undefined) {
      this.text = '';
      lines.forEach(this.#visitOwn);
      lines.members = this.text;
    }
    this.text = before + lines.members;
  }
}
