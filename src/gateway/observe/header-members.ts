// Header lines as members of a JSON object, each with its comma in front, written where the record is: names in lower case, credentials hidden. A name that
// stands there twice has to become a list, which is not for here: whoever asks is told. One object serves all records, one
// head after the other.
import type { HeaderList, LineVisitor } from '../http1/headers.ts';
import type { OwnLines } from '../http1/own-lines.ts';
import { type HeaderLabel, HeaderLabels } from './header-labels.ts';
import { type JsonBytes, piece } from './json-bytes.ts';
import { responseLines } from './log-record.ts';

/** Lines of which the labels are remembered: most heads have the same names in the same places. */
const PLACES = 32;

/** The labels of the last head's lines, in order. */
type Places = Readonly<Record<'request' | 'answer', (HeaderLabel | undefined)[]>>;

export class HeaderMembers implements LineVisitor {
  /** A name is there twice, or cannot be written in this way. */
  isOdd = false;
  // A bit for each label: only where two meet can there be a name twice.
  low = 0;
  high = 0;
  readonly out: JsonBytes;
  readonly #labels = new HeaderLabels();
  #places: Places = { request: [], answer: [] };
  #lately = this.#places.request;
  #place = 0;
  #enginesLines = '';
  #enginesMembers = piece('');
  readonly #visit = (name: string, value: string): void => this.edited(name, value);
  readonly #visitOwn = (name: string, value: string): void =>
    this.#write(this.#labels.of(name), value, 0, value.length);

  constructor(out: JsonBytes) {
    this.out = out;
  }

  /** Before each record. */
  trim(): void {
    if (this.#labels.trim()) this.#places = { request: [], answer: [] };
  }

  line(text: string, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const known = this.#lately[this.#place];
    const label = known?.isOf(text, nameStart, nameEnd) ? known : this.#note(text.slice(nameStart, nameEnd));
    this.#place++;
    this.#mark(label);
    this.#write(label, text, valueStart, valueEnd);
  }

  edited(name: string, value: string): void {
    const known = this.#lately[this.#place];
    const label = known?.written === name ? known : this.#note(name);
    this.#place++;
    this.#mark(label);
    this.#write(label, value, 0, value.length);
  }

  #note(name: string): HeaderLabel {
    const label = this.#labels.of(name);
    if (this.#place < PLACES) this.#lately[this.#place] = label;
    return label;
  }

  #write({ start, isHidden }: HeaderLabel, text: string, valueStart: number, valueEnd: number): void {
    this.out.piece(start);
    if (isHidden) return;
    this.out.closed(text, valueStart, valueEnd);
  }

  #mark({ isOdd, slot }: HeaderLabel): void {
    const bit = 1 << (slot & 31);
    const marks = slot < 32 ? this.low : this.high;
    if (isOdd || (marks & bit) !== 0) this.isOdd = true;
    if (slot < 32) this.low |= bit;
    else this.high |= bit;
  }

  /** A head; begins with the marks of what is written already. */
  begin(head: 'request' | 'answer', low: number, high: number): void {
    this.#lately = this.#places[head];
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

  /** What the engine adds to the head of an answer, in front: answers of one second and one length have the same. */
  addEngines(lines: string): void {
    if (lines !== this.#enginesLines) {
      this.#enginesLines = lines;
      const members = responseLines(lines).map(([name, value]) => `,"${name}":${JSON.stringify(value)}`);
      this.#enginesMembers = piece(members.join(''));
    }
    this.out.piece(this.#enginesMembers);
  }

  #addOwn(lines: OwnLines): void {
    if (lines.members !== undefined) {
      this.out.piece(lines.members);
      return;
    }
    const from = this.out.length;
    lines.forEach(this.#visitOwn);
    if (lines.isKept) lines.members = this.out.slice(from);
  }
}
