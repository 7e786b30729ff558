// Bodies by their Content-Type: forms, JSON and parts, read for plugins and written for them.
import { randomBytes } from 'node:crypto';
import { boundaryOf, formatMultipart, parseMultipart } from '../../lib/multipart.ts';
import { formatQuery, parseQuery } from '../../lib/query.ts';
import type { BodyContent, ParsedBody, UnusableBody } from '../../pdk/index.ts';

const MAX_FIELDS = 1000;
const BOUNDARY_BYTES = 18;

type Reader = (bytes: Buffer, type: string, maxFields: number) => ParsedBody;

const READERS: ReadonlyMap<string, Reader> = new Map([
  ['application/x-www-form-urlencoded', readForm],
  ['application/json', readJson],
  ['multipart/form-data', readMultipart],
]);

/** Reads the body only where its type is one that can be read; `read` answers nothing when it is too large. */
export async function readContent(
  type: string | undefined,
  read: () => Promise<Buffer | undefined>,
  maxFields: number = MAX_FIELDS,
): Promise<ParsedBody> {
  if (type === undefined) return unusable('no type', 'missing content type');
  const reader = READERS.get(type.split(';', 1)[0]!.trim().toLowerCase());
  if (reader === undefined) return unusable('unsupported type', `unsupported content type '${type}'`);
  const bytes = await read();
  return bytes === undefined ? unusable('too large', 'request body is too large') : reader(bytes, type, maxFields);
}

const unusable = (reason: UnusableBody['reason'], message: string): UnusableBody => ({
  kind: 'unusable',
  reason,
  message,
});

function readForm(bytes: Buffer, _type: string, maxFields: number): ParsedBody {
  const text = bytes.toString('utf8');
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) count += 1;
  if (count > maxFields) return unusable('too large', 'request body has too many fields');
  return { kind: 'form', fields: parseQuery(text, maxFields) };
}

function readJson(bytes: Buffer): ParsedBody {
  try {
    return { kind: 'json', value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    // The parser's own words would repeat parts of the body.
    return unusable('malformed', 'invalid json body');
  }
}

function readMultipart(bytes: Buffer, type: string, maxFields: number): ParsedBody {
  const boundary = boundaryOf(type);
  const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
  if (parts === undefined) return unusable('malformed', 'invalid multipart body');
  return parts.length > maxFields
    ? unusable('too large', 'request body has too many fields')
    : { kind: 'multipart', parts };
}

/** With the Content-Type that goes with it. */
export function formatContent(content: BodyContent): { readonly type: string; readonly bytes: Buffer } {
  switch (content.kind) {
    case 'form':
      return { type: 'application/x-www-form-urlencoded', bytes: Buffer.from(formatQuery(content.fields)) };
    case 'json':
      return { type: 'application/json', bytes: Buffer.from(JSON.stringify(content.value)) };
    case 'multipart': {
      // A name that no part can contain by chance.
      const boundary = randomBytes(BOUNDARY_BYTES).toString('hex');
      return {
        type: `multipart/form-data; boundary=${boundary}`,
        bytes: formatMultipart(content.parts, boundary),
      };
    }
  }
}
