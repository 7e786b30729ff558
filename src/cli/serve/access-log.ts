// Where the access log goes: standard output, a file, or nowhere. One JSON object a line; control characters of a request
// cannot break a line, because JSON escapes them.
import type { AccessRecord } from '../../gateway/core.ts';
import { SharedAppendFiles } from '../../gateway/environment/append-files.ts';

export interface AccessLog {
  readonly write: ((record: AccessRecord) => void) | undefined;
  close(): Promise<void>;
}

const STDOUT_PATHS: ReadonlySet<string> = new Set(['/dev/stdout', '-']);
const FLUSH_MS = 100;
const FLUSH_LENGTH = 64 * 1024;

export function openAccessLog(path: string, report: (message: string) => void): AccessLog {
  if (path === 'off') return { write: undefined, close: () => Promise.resolve() };
  if (STDOUT_PATHS.has(path)) return standardOutput();
  const files = new SharedAppendFiles(report);
  return {
    write: (record) => files.append(path, `${JSON.stringify(record)}\n`, { reopen: false }),
    close: () => files.close(),
  };
}

/** Lines are gathered for up to 100 ms, so that many requests cost one write. */
function standardOutput(): AccessLog {
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = lines;
    lines = '';
    if (text !== '') process.stdout.write(text);
  };
  return {
    write(record) {
      lines += `${JSON.stringify(record)}\n`;
      if (lines.length > FLUSH_LENGTH) flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    close() {
      flush();
      return Promise.resolve();
    },
  };
}
