// Where state files come from: files, directories (recursively, sorted, so that every run reads them in the same order),
// `-` for standard input, and http(s) addresses. Inside a directory symbolic links to files are followed, those to directories
// are not.
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
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
  const attempt = async <T>(input: string, run: () => Promise<T>): Promise<T[]> => {
    try {
      return [await run()];
    } catch (error) {
      problems.push(wholeFile({ name: nameOf(input), text: '' }, `cannot read it: ${explain(error)}`));
      return [];
    }
  };
  const sources: SourceText[] = [];
  for (const input of inputs) {
    const [paths = []] = await attempt(input, () => listPaths(input));
    const read = paths.map((path) =>
      attempt(path, async () => ({ name: nameOf(path), text: await readText(path, options) })),
    );
    sources.push(...(await Promise.all(read)).flat());
  }
  return { sources, problems };
}

const nameOf = (input: string): string => (input === '-' ? '<stdin>' : input);

const isAddress = (input: string): boolean => /^https?:\/\//.test(input);

/** What an input stands for: itself, or the files of a directory. */
async function listPaths(input: string): Promise<string[]> {
  if (input === '-' || isAddress(input) || !(await stat(input)).isDirectory()) return [input];
  const paths = await listStateFiles(input);
  if (paths.length === 0) throw new Error('the directory holds no .yaml, .yml or .json file');
  return withoutTwins(paths);
}

async function listStateFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const path = join(directory, name);
    const entry = await lstat(path);
    if (entry.isDirectory()) paths.push(...(await listStateFiles(path)));
    else if (EXTENSIONS.has(extname(name).toLowerCase()) && (entry.isFile() || (await isLinkToFile(path)))) {
      paths.push(path);
    }
  }
  return paths;
}

/** One that leads nowhere as well: whoever reads it will say so. */
const isLinkToFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (target) => target.isFile(),
    () => true,
  );

/** A file and the links to it count once: that is how clusters mount configuration. */
async function withoutTwins(paths: readonly string[]): Promise<string[]> {
  const byFile = new Map<string, string>();
  for (const path of paths) {
    const file = await realpath(path).catch(() => path);
    if (!byFile.has(file)) byFile.set(file, path);
  }
  return [...byFile.values()];
}

async function readText(path: string, options: SourceOptions): Promise<string> {
  if (path === '-') return readStream(options.stdin);
  if (isAddress(path)) {
    if (options.fetchText === undefined) throw new Error('addresses are not accepted here');
    return options.fetchText(path);
  }
  const bytes = await readFile(path);
  if (bytes.length > MAX_BYTES) throw new Error(TOO_LARGE);
  return decode(bytes);
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
