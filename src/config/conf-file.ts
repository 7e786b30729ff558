// The grammar of kong.conf: `name = value` a line, `#` begins a comment and `\#` stands for the character itself. Names may
// be written in any case. A name that is written twice counts as it was written last.
import { readFileSync } from 'node:fs';
import { GwctlError } from '../lib/errors.ts';

export interface ConfEntry {
  readonly value: string;
  readonly line: number;
}

export interface ConfFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, ConfEntry>;
}

const HINT = 'Write one `name = value` a line; # begins a comment.';

export function readConfFile(path: string): ConfFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new GwctlError('E_FILE_READ', `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  return { path, entries: parseConf(path, text) };
}

/** @param path for messages. */
export function parseConf(path: string, text: string): ReadonlyMap<string, ConfEntry> {
  const entries = new Map<string, ConfEntry>();
  for (const [i, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = withoutComment(raw).trim();
    if (line === '') continue;
    const match = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line);
    if (match === null) {
      throw new GwctlError('E_CONFIG', `${path}:${i + 1}: '${line}' is no property`, { hint: HINT });
    }
    entries.set(match[1]!.toLowerCase(), { value: unquote(match[2]!), line: i + 1 });
  }
  return entries;
}

function withoutComment(line: string): string {
  const end = /(?<!\\)#/.exec(line)?.index ?? line.length;
  return line.slice(0, end).replaceAll('\\#', '#');
}

/** Quotes around a whole value are not part of it. */
const unquote = (value: string): string => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
