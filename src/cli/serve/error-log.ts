// Where the log of the gateway itself goes: standard error, or a file that is opened again after it was moved away.
import { SharedAppendFiles } from '../../gateway/environment/append-files.ts';

export interface ErrorLog {
  write(line: string): void;
  reopen(): void;
  close(): Promise<void>;
}

const STDERR_PATHS: ReadonlySet<string> = new Set(['/dev/stderr', '-']);

export function openErrorLog(path: string): ErrorLog {
  const toTerminal = (line: string): void => {
    process.stderr.write(line);
  };
  if (STDERR_PATHS.has(path)) return { write: toTerminal, reopen: () => undefined, close: () => Promise.resolve() };
  // What cannot be written to the file has one other place to go.
  const files = new SharedAppendFiles((message) => toTerminal(`${message}\n`));
  let mustReopen = false;
  return {
    write(line) {
      files.append(path, line, { reopen: mustReopen });
      mustReopen = false;
    },
    reopen() {
      mustReopen = true;
    },
    close: () => files.close(),
  };
}
