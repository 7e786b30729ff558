// Requests to begin with, and how they are spoilt: pieces of the grammar in the wrong place.
import { expand, fixture } from './fixtures.ts';

const { requests } = fixture<{ requests: { send: string }[] }>('requests');

export const seeds = requests.map((entry) => expand(entry.send).toString('latin1')).filter((text) => text.length < 600);

export const KINDS = ['insert', 'delete', 'replace', 'flip', 'line'] as const;

export interface Mutation {
  /** Where, as a share of the length. */
  readonly at: number;
  readonly kind: (typeof KINDS)[number];
  readonly piece: string;
  readonly length: number;
}

/** Grammar-aware pieces that mutations insert. */
export const PIECES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  '\r\n ',
  '\x0b',
  '\x80',
  'Host: b.test\r\n',
  'Content-Length: 5\r\n',
  'Content-Length:\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: X-A\r\n',
  'Connection: close\r\n',
  'X-A: b\r\n',
  'X-A:\r\n',
  'X-A: \r\n',
  'Expect: 100-continue\r\n',
  '%',
  '#',
  '/../',
  'HTTP/1.1',
  '0',
  ';',
];

export function mutate(text: string, steps: readonly Mutation[]): string {
  let out = text;
  for (const { at, kind, piece, length } of steps) {
    const i = Math.floor(at * out.length);
    if (kind === 'insert') out = out.slice(0, i) + piece + out.slice(i);
    else if (kind === 'delete') out = out.slice(0, i) + out.slice(i + length);
    else if (kind === 'replace') out = out.slice(0, i) + piece + out.slice(i + piece.length);
    else if (kind === 'flip') out = out.slice(0, i) + String.fromCharCode(out.charCodeAt(i) ^ 0x20) + out.slice(i + 1);
    else {
      const start = out.indexOf('\r\n', i) + 2;
      out = out.slice(0, start) + (piece.endsWith('\r\n') ? piece : `${piece}\r\n`) + out.slice(start);
    }
  }
  return out;
}
