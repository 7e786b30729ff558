// Header lines as members of a JSON object, each with its comma in front: names in lower case, credentials hidden. A name that
// stands there twice has to become a list, which is not for here: whoever asks is told. One object serves all records, one
// head after the other.
import type { HeaderList, LineVisitor } from '../http1/headers.ts';
import { flat, type OwnLines } from '../http1/own-lines.ts';
import { type HeaderLabel, HeaderLabels } from './header-labels.ts';

/** Lines of which the labels are remembered: most heads have the same names in the same places. */
const PLACES = 32;

export class HeaderMembers implements LineVisitor {
  text = '';
  /** A name is there twice, or cannot be written in this way. */
  isOdd = false;
  // A bit for each label: only where two meet can there be a name twice.
  low = 0;
  high = 0;
  readonly labels = new HeaderLabels();
  #lately: (HeaderLabel | undefined)[] = [];
  #place = 0;
  readonly #visit = (name: string, value: string): void => this.edited(name, value);
  readonly #visitOwn = (name: string, value: string): void => {
    this.text += this.labels.of(name).write(value);
  };

  /** Before each record. */
  trim(): void {
    if (this.labels.trim()) this.#lately = [];
  }

  line(text: string, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const place = this.#place++;
    let label = this.#lately[place];
    if (label === undefined || !label.isOf(text, nameStart, nameEnd)) {
      label = this.labels.of(text.slice(nameStart, nameEnd));
      if (place < PLACES) this.#lately[place] = label;
    }
    this.#mark(label);
    this.text += label.memberIn(text, valueStart, valueEnd);
  }

  edited(name: string, value: string): void {
    const label = this.labels.of(name);
    this.#mark(label);
    this.text += label.member(value);
  }

  #mark({ isOdd, slot }: HeaderLabel): void {
    const bit = 1 << (slot & 31);
    const marks = slot < 32 ? this.low : this.high;
    if (isOdd || (marks & bit) !== 0) this.isOdd = true;
    if (slot < 32) this.low |= bit;
    else this.high |= bit;
  }

  /** Begins with what is known already. */
  begin(text: string, low: number, high: number): void {
    this.text = text;
    this.low = low;
    this.high = high;
    this.isOdd = false;
    this.#place = 0;
  }

  addReceived(list: HeaderList): void {
    list.visitReceived(this);
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
      lines.members = lines.isKept ? flat(this.text) : this.text;
    }
    this.text = before + lines.members;
  }
}
