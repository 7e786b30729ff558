// Header lines as members of a JSON object, each with its comma in front, written where the record is: names in lower case,
// credentials hidden. A name that stands there twice has to become a list, which is not for here: whoever asks is told. One
// object serves all records, one head after the other.
import type { HeaderList, LineVisitor } from '../http1/headers.ts';
import { OwnLine, type OwnLines } from '../http1/own-lines.ts';
import { type HeaderLabel, HeaderLabels } from './header-labels.ts';
import { type JsonBytes, piece } from './json-bytes.ts';
import { KnownLine } from './known-line.ts';
import { responseLines } from './log-record.ts';

/** Lines that are remembered: most heads have the same names in the same places. */
const PLACES = 32;
const QUOTE = piece('"');

export class HeaderMembers implements LineVisitor {
  /** A name is there twice, or cannot be written in this way. */
  isOdd = false;
  // A bit for each label: only where two meet can there be a name twice.
  low = 0;
  high = 0;
  readonly out: JsonBytes;
  private readonly labels = new HeaderLabels();
  private requestLines: KnownLine[] = [];
  private answerLines: KnownLine[] = [];
  private known = this.requestLines;
  private place = 0;
  /** Both heads repeat it. */
  private id = '';
  private idAt = 0;
  private enginesLines = '';
  private enginesMembers = piece('');
  private readonly visit = (line: OwnLine): void => this.added(line);
  private readonly visitOwn = (name: string, value: string): void => this.write(this.labels.of(name), value);

  constructor(out: JsonBytes) {
    this.out = out;
  }

  /** Before each record, whose id stands there. */
  start(id: string, idAt: number): void {
    this.id = id;
    this.idAt = idAt;
    if (!this.labels.trim()) return;
    this.requestLines = [];
    this.answerLines = [];
  }

  line(text: string, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const known = this.known[this.place++];
    const member = known?.memberOf(text, nameStart, valueEnd);
    if (known !== undefined && member !== undefined) {
      this.mark(known.label);
      this.out.piece(member);
      return;
    }
    const label = known?.label.isOf(text, nameStart, nameEnd) ? known.label : this.note(text.slice(nameStart, nameEnd));
    this.mark(label);
    const from = this.out.length;
    this.write(label, text, valueStart, valueEnd);
    // What is hidden is not kept either.
    if (known?.label === label && !label.isHidden && known.isWorthKeeping(text, nameStart, valueEnd)) {
      known.keep(text.slice(nameStart, valueEnd), this.out.slice(from));
    }
  }

  edited(name: string, value: string): void {
    this.write(this.pass(name), value);
  }

  private added(line: OwnLine): void {
    const label = this.pass(line.name.name);
    if (line.members !== undefined) {
      this.out.piece(line.members);
      return;
    }
    const from = this.out.length;
    this.write(label, line.value);
    if (line.isKept) line.members = this.out.slice(from);
  }

  /** The next line has this name. */
  private pass(name: string): HeaderLabel {
    const known = this.known[this.place++];
    const label = known?.label.written === name ? known.label : this.note(name);
    this.mark(label);
    return label;
  }

  /** Of the line that was just passed. */
  private note(name: string): HeaderLabel {
    const label = this.labels.of(name);
    const known = this.known[this.place - 1];
    if (known !== undefined) known.forget(label);
    else if (this.place <= PLACES) this.known[this.place - 1] = new KnownLine(label);
    return label;
  }

  private write({ start, isHidden }: HeaderLabel, text: string, valueStart = 0, valueEnd = text.length): void {
    this.out.piece(start);
    if (!isHidden) this.out.closed(text, valueStart, valueEnd);
  }

  private mark({ isOdd, slot }: HeaderLabel): void {
    const bit = 1 << (slot & 31);
    const marks = slot < 32 ? this.low : this.high;
    if (isOdd || (marks & bit) !== 0) this.isOdd = true;
    if (slot < 32) this.low |= bit;
    else this.high |= bit;
  }

  /** Begins with the marks of what is written already. */
  beginRequest(low: number, high: number): void {
    this.begin(this.requestLines, low, high);
  }

  beginAnswer(): void {
    this.begin(this.answerLines, 0, 0);
  }

  /** @param known what stood in the last head of the kind, in order. */
  private begin(known: KnownLine[], low: number, high: number): void {
    this.known = known;
    this.low = low;
    this.high = high;
    this.isOdd = false;
    this.place = 0;
  }

  addReceived(list: HeaderList): void {
    list.visitReceived(this);
  }

  /** What was added to the list, and the gateway's own lines: those have names of their own. */
  addRest(list: HeaderList): void {
    list.forEachAdded(this.visit);
    for (const lines of list.ownLines) this.addOwn(lines);
  }

  /** What the engine adds to the head of an answer, in front: answers of one second and one length have the same. */
  addEngines(lines: string): void {
    if (lines !== this.enginesLines) {
      this.enginesLines = lines;
      const members = responseLines(lines).map(([name, value]) => `,"${name}":${JSON.stringify(value)}`);
      this.enginesMembers = piece(members.join(''));
    }
    this.out.piece(this.enginesMembers);
  }

  private addOwn(lines: OwnLines): void {
    const { out } = this;
    if (lines.members !== undefined) out.piece(lines.members);
    else if (lines instanceof OwnLine) {
      out.piece(lines.name.member);
      if (lines.value === this.id) {
        out.again(this.idAt, lines.value.length);
        out.piece(QUOTE);
      } else out.closed(lines.value);
    } else {
      const from = out.length;
      lines.forEach(this.visitOwn);
      if (lines.isKept) lines.members = out.slice(from);
    }
  }
}
