// Where state files come from: files, directories (recursively, sorted, so that every run reads them in the same order),
// `-` for standard input, and http(s) addresses. Symbolic links inside a directory are not followed.
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Problem } from './diagnostics.ts';
import { wholeFile } from './diagnostics.ts';

/** The text of one state file before anything was replaced in it. */
export interface SourceText {
  /** As the user named it, or `<stdin>`. */
  readonly name: string;
  readonly text: string;
}

export interface SourceOptions {
  /** Read when an input is `-`. */
  readonly stdin?: AsyncIterable<Uint8Array | string> | undefined;
  /** Fetches a state file from an http(s) address; absent means addresses are refused. */
  readonly fetchText?: ((url: string) => Promise<string>) | undefined;
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);
const MAX_BYTES = 256 * 1024 * 1024;
const TOO_LARGE = `the file is larger than ${MAX_BYTES / 1024 / 1024} MiB`;

export async function readSources(
  inputs: readonly string[],
  options: SourceOptions = {},
): Promise<{ sources: SourceText[]; problems: Problem[] }> {
  const problems: Problem[] = [];
  const sources: SourceText[] = [];
  for (const input of inputs) {
    try {
      sources.push(...(await readInput(input, options)));
    } catch (error) {
      problems.push(wholeFile({ name: nameOf(input), text: '' }, `cannot read it: ${explain(error)}`));
    }
  }
  return { sources, problems };
}

const nameOf = (input: string): string => (input === '-' ? '<stdin>' : input);

async function readInput(input: string, options: SourceOptions): Promise<SourceText[]> {
  if (input === '-') return [{ name: nameOf(input), text: await readStream(options.stdin) }];
  if (/^https?:\/\//.test(input)) {
    if (options.fetchText === undefined) throw new Error('addresses are not accepted here');
    return [{ name: input, text: await options.fetchText(input) }];
  }
  const found = await stat(input);
  if (!found.isDirectory()) return [await readOne(input)];
  const paths = await listStateFiles(input);
  if (paths.length === 0) throw new Error('the directory holds no .yaml, .yml or .json file');
  return Promise.all(paths.map(readOne));
}

async function readOne(path: string): Promise<SourceText> {
  const bytes = await readFile(path);
  if (bytes.length > MAX_BYTES) throw new Error(TOO_LARGE);
  return { name: path, text: decode(bytes) };
}

async function listStateFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    const entry = await lstat(path);
    if (entry.isDirectory()) paths.push(...(await listStateFiles(path)));
    else if (entry.isFile() && EXTENSIONS.has(extname(name).toLowerCase())) paths.push(path);
  }
  return paths;
}

async function readStream(stream: SourceOptions['stdin']): Promise<string> {
  if (stream === undefined) throw new Error('there is no standard input');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > MAX_BYTES) throw new Error(TOO_LARGE);
    chunks.push(bytes);
  }
  return decode(Buffer.concat(chunks));
}

/** UTF-8 or nothing: a byte that is none would silently change a name or a secret. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder's own words name neither the file nor the place.
    throw new Error('it is not UTF-8 text');
  }
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied';
  return message;
}
