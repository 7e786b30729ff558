// The log of the system. Node cannot open the datagram socket that it listens on, so one `logger` of util-linux does: a
// child process, started by the first record, that gets one line a record on its standard input.
import { type ChildProcess, spawn } from 'node:child_process';
import type { SystemLog } from '../../pdk/index.ts';
import { Losses } from './losses.ts';

const TAG = 'kong';
/** Longer messages are cut. */
const MAX_MESSAGE_BYTES = '65536';
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** After a failure records are lost for this long, rather than starting a process for each. */
const REST_MS = 5000;
const END_MS = 2000;

export class LoggerProcess implements SystemLog {
  readonly #arguments: readonly string[];
  readonly #report: (message: string) => void;
  #child: ChildProcess | undefined = undefined;
  #restUntil = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  readonly #losses: Losses;

  /** @param socket where the system listens, when it is not the usual place */
  constructor(socket: string | undefined, report: (message: string) => void) {
    this.#report = report;
    this.#losses = new Losses((reason, lost) => report(`${reason}; ${lost} log records lost`));
    this.#arguments = [
      '--prio-prefix',
      '--socket-errors=on',
      ...['--tag', TAG, '--size', MAX_MESSAGE_BYTES],
      ...(socket === undefined ? [] : ['--socket', socket]),
    ];
  }

  write(priority: number, message: string): void {
    const input = this.#start()?.stdin;
    if (input === null || input === undefined) return this.#losses.add(1, 'the system log is out of reach');
    if (input.writableLength > MAX_WAITING_BYTES) return this.#losses.add(1, 'the system log does not keep up');
    input.write(`<${priority}>${message}\n`, (error) => {
      if (error !== null && error !== undefined) this.#losses.add(1, 'the system log is out of reach');
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    if (child === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      child.stdin?.end();
    });
  }

  #start(): ChildProcess | undefined {
    if (this.#child !== undefined) return this.#child;
    if (this.#isClosed || performance.now() < this.#restUntil) return undefined;
    const child = spawn('logger', this.#arguments, { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child = child;
    let complaint = '';
    let failure: Error | undefined;
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < 1000) complaint += chunk.toString('utf8');
    });
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => {
      failure = error;
      this.#gone(child, error.message);
    });
    child.on('close', (code, signal) => {
      if (failure === undefined)
        this.#gone(child, complaint.replace(/^logger: /, '').trim() || `ended with ${signal ?? code}`);
    });
    return child;
  }

  #gone(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#isClosed) return;
    this.#restUntil = performance.now() + REST_MS;
    this.#report(`logger: ${reason}`);
  }
}
