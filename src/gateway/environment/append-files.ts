// Files that log lines are appended to. Descriptors are shared by path; lines of a few milliseconds go out in one write,
// which appends them whole. What cannot be written is counted and reported once a minute, never thrown.
import { close, constants, open, write } from 'node:fs';
import type { AppendFiles } from '../../pdk/index.ts';
import { LineBuffer } from './line-buffer.ts';
import { Losses } from './losses.ts';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
const MODE = 0o644;
const GATHER_MS = 5;
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

class AppendFile {
  readonly #path: string;
  readonly #losses: Losses;
  #descriptor: number | undefined = undefined;
  readonly #queue = new LineBuffer(MAX_QUEUED_BYTES);
  #isWriting = false;
  #reopen = false;
  #idle: (() => void)[] = [];

  constructor(path: string, report: (message: string) => void) {
    this.#path = path;
    this.#losses = new Losses((reason, lost) => report(`${reason}; ${lost} log lines for ${path} lost`));
  }

  append(line: string | Uint8Array, reopen: boolean): void {
    if (!this.#queue.add(line)) {
      this.#losses.add(1, 'the disk does not keep up');
      return;
    }
    this.#reopen ||= reopen;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#gather();
  }

  /** Resolves when everything appended so far is written or lost. */
  settled(): Promise<void> {
    return this.#isWriting ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  async shut(): Promise<void> {
    await this.settled();
    this.#closeDescriptor();
  }

  #gather(): void {
    if (!this.#queue.isEmpty) {
      setTimeout(() => this.#flush(), GATHER_MS);
      return;
    }
    this.#isWriting = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #flush(): void {
    const { bytes, lines } = this.#queue.take();
    if (this.#reopen) this.#closeDescriptor();
    this.#reopen = false;
    this.#withDescriptor((descriptor) => {
      if (descriptor !== undefined) this.#writeAll(descriptor, bytes, bytes, lines);
      else {
        this.#queue.giveBack(bytes);
        this.#gather();
      }
    }, lines);
  }

  #withDescriptor(next: (descriptor: number | undefined) => void, lines: number): void {
    if (this.#descriptor !== undefined) return next(this.#descriptor);
    open(this.#path, FLAGS, MODE, (error, descriptor) => {
      if (error !== null) this.#losses.add(lines, `failed to open the file: ${error.message}`);
      else this.#descriptor = descriptor;
      next(this.#descriptor);
    });
  }

  /** @param left what of the bytes is still to be written */
  #writeAll(descriptor: number, bytes: Buffer, left: Buffer, lines: number): void {
    write(descriptor, left, (error, written) => {
      if (error !== null) {
        this.#losses.add(lines, error.message);
        this.#closeDescriptor();
      } else if (written < left.length) {
        this.#writeAll(descriptor, bytes, left.subarray(written), lines);
        return;
      }
      this.#queue.giveBack(bytes);
      this.#gather();
    });
  }

  #closeDescriptor(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) close(descriptor, () => undefined);
  }
}

export class SharedAppendFiles implements AppendFiles {
  readonly #files = new Map<string, AppendFile>();
  readonly #report: (message: string) => void;

  constructor(report: (message: string) => void) {
    this.#report = report;
  }

  append(path: string, line: string | Uint8Array, options: { readonly reopen: boolean }): void {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new AppendFile(path, this.#report);
      this.#files.set(path, file);
    }
    file.append(line, options.reopen);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.shut()));
    this.#files.clear();
  }
}
