// A header line that was there in the last heads at the same place, and what it looks like in a record. Most heads say the
// same again: one comparison and one copy then stand for the whole line.
import { standsAt } from '../../lib/stands-at.ts';
import { flat } from '../http1/own-lines.ts';
import type { HeaderLabel } from './header-labels.ts';
import { piece } from './json-bytes.ts';

/** Longer lines are not kept. */
const LONGEST = 256;

export class KnownLine {
  label: HeaderLabel;
  private text = '';
  private kept = piece('');
  private look = -1;

  constructor(label: HeaderLabel) {
    this.label = label;
  }

  /** The member, if that is what the line says. */
  memberOf(text: string, start: number, end: number): Uint8Array | undefined {
    return end - start === this.text.length && standsAt(text, this.text, start) ? this.kept : undefined;
  }

  /** A line that was not known. Is it worth keeping? Those that differ from head to head are not. */
  isWorthKeeping(text: string, start: number, end: number): boolean {
    const length = end - start;
    if (length > LONGEST) return false;
    const look = (length << 16) | (text.charCodeAt(end - 5) << 8) | text.charCodeAt(end - 1);
    if (look === this.look) return true;
    this.look = look;
    return false;
  }

  /** Copies: a part of a text would keep the whole of it in memory. */
  keep(line: string, member: Uint8Array): void {
    this.text = flat(line);
    this.kept = member;
  }

  forget(label: HeaderLabel): void {
    this.label = label;
    this.text = '';
    this.look = -1;
  }
}
