// multipart/form-data bodies, read strictly. Parts that nobody changes are written back byte by byte; text of parts is byte
// text (one character a byte).

export interface Part {
  /** Undefined for a part without a name. */
  readonly name: string | undefined;
  /** Header lines as received, without the empty line that ends them. */
  readonly head: string;
  readonly body: Buffer;
}

const MAX_PARTS = 1000;
const MAX_HEAD_BYTES = 8192;
const BOUNDARY = /;\s*boundary=(?:"([^"\\]+)"|([^\s;"]+))/i;
const BOUNDARY_CHARACTERS = /^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/;
const DISPOSITION = /^content-disposition:[ \t]*form-data((?:[ \t]*;.*)?)$/i;
const PARAMETER = /;[ \t]*([A-Za-z0-9!#$&+\-.^_`|~*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** The boundary that the content type names; undefined when there is none or it is not a legal one. */
export function boundaryOf(contentType: string): string | undefined {
  const found = BOUNDARY.exec(contentType);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined || boundary.length > 70) return undefined;
  return BOUNDARY_CHARACTERS.test(boundary) ? boundary : undefined;
}

/** Undefined when the body does not keep to the format or has too many parts. */
export function parseMultipart(body: Buffer, boundary: string): Part[] | undefined {
  const parts: Part[] = [];
  let delimiter = findDelimiter(body, boundary, 0);
  while (delimiter !== undefined && !delimiter.isLast) {
    if (parts.length === MAX_PARTS) return undefined;
    const from = delimiter.end;
    delimiter = findDelimiter(body, boundary, from);
    if (delimiter === undefined) return undefined;
    const part = readPart(body.subarray(from, delimiter.start));
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return delimiter === undefined ? undefined : parts;
}

export function formatMultipart(parts: readonly Part[], boundary: string): Buffer {
  const pieces: Buffer[] = [];
  for (const { head, body } of parts) {
    pieces.push(Buffer.from(`--${boundary}\r\n${head}${head === '' ? '' : '\r\n'}\r\n`, 'latin1'), body, LINE_END);
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`, 'latin1'));
  return Buffer.concat(pieces);
}

export const textPart = (name: string, value: string): Part => ({
  name,
  head: `Content-Disposition: form-data; name="${escapeName(name)}"`,
  body: Buffer.from(value, 'latin1'),
});

/** The same part under another name; its other headers (a file name, a content type) stay. */
export function renamePart(part: Part, name: string): Part {
  const head = part.head
    .split('\r\n')
    .map((line) =>
      DISPOSITION.test(line)
        ? line.replace(PARAMETER, (whole, key: string) =>
            key.toLowerCase() === 'name' ? `; name="${escapeName(name)}"` : whole,
          )
        : line,
    )
    .join('\r\n');
  return { name, head, body: part.body };
}

const LINE_END = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

interface Delimiter {
  /** Where the part before it ends. */
  readonly start: number;
  /** Where the head of the next part begins. */
  readonly end: number;
  readonly isLast: boolean;
}

function findDelimiter(body: Buffer, boundary: string, from: number): Delimiter | undefined {
  const dashes = Buffer.from(`--${boundary}`, 'latin1');
  for (let at = body.indexOf(dashes, from); at >= 0; at = body.indexOf(dashes, at + 1)) {
    const startsLine = at === 0 || (at >= 2 && body[at - 2] === 13 && body[at - 1] === 10);
    // Right after a delimiter there is no line to end: a part without head and body.
    const start = at === from ? at : at - 2;
    if (!startsLine || start < from) continue;
    let end = at + dashes.length;
    if (body[end] === 45 && body[end + 1] === 45) return { start, end, isLast: true };
    while (body[end] === 32 || body[end] === 9) end++;
    if (body[end] === 13 && body[end + 1] === 10) return { start, end: end + 2, isLast: false };
  }
  return undefined;
}

function readPart(bytes: Buffer): Part | undefined {
  if (bytes[0] === 13 && bytes[1] === 10) return { name: undefined, head: '', body: bytes.subarray(2) };
  const end = bytes.indexOf(HEAD_END);
  if (end < 0 || end > MAX_HEAD_BYTES) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const names: string[] = [];
  for (const line of head.split('\r\n')) {
    const parameters = DISPOSITION.exec(line)?.[1];
    if (parameters === undefined) continue;
    for (const [, key, quoted, token] of parameters.matchAll(PARAMETER)) {
      if (key?.toLowerCase() === 'name') names.push(quoted?.replace(/\\(["\\])/g, '$1') ?? token ?? '');
    }
  }
  // Two names for one part: two readers would see two different forms.
  return names.length > 1 ? undefined : { name: names[0], head, body: bytes.subarray(end + HEAD_END.length) };
}

const escapeName = (name: string): string =>
  name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
