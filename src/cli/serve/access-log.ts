// Where the access log goes: standard output, a file, or nowhere, and as what. JSON escapes the control characters of a
// request, a text format does so itself: no request breaks a line.
import type { AccessRecord } from '../../gateway/core.ts';
import { SharedAppendFiles } from '../../gateway/environment/append-files.ts';
import { Losses } from '../../gateway/environment/losses.ts';
import { accessLineOf } from './access-line.ts';

export interface AccessLog {
  readonly write: ((record: AccessRecord) => void) | undefined;
  /** Once the file was moved away, lines go to a new one in its place. */
  reopen(): void;
  close(): Promise<void>;
}

export interface AccessLogOptions {
  readonly path: string;
  /** `json`, `combined`, or a text with variables. */
  readonly format: string;
  readonly report: (message: string) => void;
}

const STDOUT_PATHS: ReadonlySet<string> = new Set(['/dev/stdout', '-']);
const FLUSH_MS = 100;
const FLUSH_LENGTH = 64 * 1024;
/** What a pipe takes whole, so that lines of several processes do not run into each other. */
const PIPE_BYTES = 4096;

export function openAccessLog({ path, format, report }: AccessLogOptions): AccessLog {
  if (path === 'off') return { write: undefined, reopen: () => undefined, close: () => Promise.resolve() };
  const lineOf = accessLineOf(format);
  if (STDOUT_PATHS.has(path)) return standardOutput(lineOf, report);
  const files = new SharedAppendFiles(report);
  let mustReopen = false;
  return {
    write(record) {
      files.append(path, `${lineOf(record)}\n`, { reopen: mustReopen });
      mustReopen = false;
    },
    reopen() {
      mustReopen = true;
    },
    close: () => files.close(),
  };
}

/** Lines are gathered for up to 100 ms, so that many requests cost one write. */
function standardOutput(lineOf: (record: AccessRecord) => string, report: (message: string) => void): AccessLog {
  const losses = new Losses((reason, lost) => report(`${reason}; ${lost} writes of the access log lost`));
  const onWritten = (error: NodeJS.ErrnoException | null | undefined): void => {
    // Whoever has stopped reading need not be told.
    if (error !== null && error !== undefined && error.code !== 'EPIPE') losses.add(1, error.message);
  };
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = lines;
    lines = '';
    if (text !== '') writeWholeLines(text, onWritten);
  };
  return {
    write(record) {
      lines += `${lineOf(record)}\n`;
      if (lines.length > FLUSH_LENGTH) flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    reopen: () => undefined,
    close() {
      flush();
      return Promise.resolve();
    },
  };
}

function writeWholeLines(text: string, onWritten: (error?: Error | null) => void): void {
  if (process.stdout.isTTY || process.send === undefined) {
    process.stdout.write(text, onWritten);
    return;
  }
  let lot = '';
  for (const line of text.split(/(?<=\n)/)) {
    if (lot !== '' && Buffer.byteLength(lot) + Buffer.byteLength(line) > PIPE_BYTES) {
      process.stdout.write(lot, onWritten);
      lot = '';
    }
    lot += line;
  }
  process.stdout.write(lot, onWritten);
}
