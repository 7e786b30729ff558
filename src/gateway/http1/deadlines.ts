// Deadlines of connections without a timer each: one intrusive list per duration, in order of expiry because every member of
// a list waits equally long, and one sweep a tenth of a second. A deadline never fires early, and up to two ticks late.

const TICK_MS = 100;

/** What a connection extends: the links of the list it is in. */
export abstract class Expiring {
  deadlineList: DeadlineList | undefined = undefined;
  deadlineBefore: Expiring | undefined = undefined;
  deadlineAfter: Expiring | undefined = undefined;
  deadlineAt = 0;
  abstract onDeadline(): void;
}

export class DeadlineList {
  readonly ms: number;
  private readonly clock: Deadlines;
  private first: Expiring | undefined = undefined;
  private last: Expiring | undefined = undefined;

  constructor(clock: Deadlines, ms: number) {
    this.clock = clock;
    this.ms = ms;
  }

  /** Starts the wait anew; the member leaves the list it was in. */
  add(member: Expiring): void {
    member.deadlineList?.remove(member);
    member.deadlineList = this;
    member.deadlineAt = this.clock.now + this.ms + TICK_MS;
    member.deadlineBefore = this.last;
    member.deadlineAfter = undefined;
    if (this.last === undefined) this.first = member;
    else this.last.deadlineAfter = member;
    this.last = member;
  }

  remove(member: Expiring): void {
    const { deadlineBefore: before, deadlineAfter: after } = member;
    if (before === undefined) this.first = after;
    else before.deadlineAfter = after;
    if (after === undefined) this.last = before;
    else after.deadlineBefore = before;
    member.deadlineList = undefined;
    member.deadlineBefore = undefined;
    member.deadlineAfter = undefined;
  }

  sweep(now: number): void {
    for (let member = this.first; member !== undefined && member.deadlineAt <= now; member = this.first) {
      this.remove(member);
      member.onDeadline();
    }
  }
}

export class Deadlines {
  /** Milliseconds on a steady clock, as of the last tick. */
  now = performance.now();
  private readonly lists = new Map<number, DeadlineList>();
  private readonly timer: NodeJS.Timeout;
  private dateAt = 0;
  private dateText = '';
  private dateLineText = '';

  constructor() {
    this.timer = setInterval(() => this.sweep(), TICK_MS);
    this.timer.unref();
  }

  /** The list of everything that waits this long. */
  list(ms: number): DeadlineList {
    let list = this.lists.get(ms);
    if (list === undefined) {
      list = new DeadlineList(this, ms);
      this.lists.set(ms, list);
    }
    return list;
  }

  /** The Date header's value, at most a second and a tick old. */
  httpDate(): string {
    if (this.now - this.dateAt >= 500 || this.dateText === '') {
      this.dateAt = this.now;
      this.dateText = new Date().toUTCString();
      this.dateLineText = `Date: ${this.dateText}\r\n`;
    }
    return this.dateText;
  }

  /** The whole line of HTTP/1.1. */
  dateLine(): string {
    this.httpDate();
    return this.dateLineText;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private sweep(): void {
    this.now = performance.now();
    for (const list of this.lists.values()) list.sweep(this.now);
  }
}

/** Stops whatever deadline it has. */
export function clearDeadline(member: Expiring): void {
  member.deadlineList?.remove(member);
}
