// Where in the code of a plugin an error comes from. The runtime tells it in different ways, and for a JavaScript file that
// does not parse not at all: then the files are parsed once more, by a process that says the line.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OWN = new URL('../', import.meta.url).href;
const CHECK_MS = 5000;

/** `path:line`, else undefined. */
export function faultPlace(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = (error.stack ?? '').split('\n');
  const head = /^(file:\/\/\S+|\/.*):(\d+)$/.exec(lines[0] ?? '');
  if (head !== null) return `${pathOf(head[1]!)}:${head[2]}`;
  const missing = /^Cannot find (?:module|package) '([^']+)' imported from (\S+)$/m.exec(error.message);
  if (missing !== null) return placeOfImport(missing[1]!, pathOf(missing[2]!));
  for (const line of lines) {
    const frame = /(file:\/\/[^\s)]+):(\d+):\d+\)?$/.exec(line);
    if (frame !== null && !frame[1]!.startsWith(OWN)) return `${pathOf(frame[1]!)}:${frame[2]}`;
  }
  return undefined;
}

/** The first of these files that does not parse. */
export async function unparsablePlace(files: Iterable<string>): Promise<string | undefined> {
  for (const file of files) {
    if (!/\.[cm]?js$/.test(file)) continue;
    const place = await new Promise<string | undefined>((resolve) => {
      execFile(process.execPath, ['--check', file], { timeout: CHECK_MS }, (error, _out, text) => {
        const found = /^(.*):(\d+)$/m.exec(error === null ? '' : text);
        resolve(found === null ? undefined : `${pathOf(found[1]!)}:${found[2]}`);
      });
    });
    if (place !== undefined) return place;
  }
  return undefined;
}

function placeOfImport(missing: string, file: string): string {
  const name = missing.split('/').at(-1)!;
  try {
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes(name) && /\b(?:import|from)\b/.test(text));
    return line < 0 ? file : `${file}:${line + 1}`;
  } catch {
    // It is gone as well by now.
    return file;
  }
}

/** Without the number of the load. */
const pathOf = (address: string): string =>
  address.startsWith('file:') ? fileURLToPath(address.replace(/\?.*$/, '')) : address;
