// Values with words of the request in them: `$(headers.x)`, `$(query_params.x)`, `$(uri_captures.x)`, also written
// `$(headers["x"])`. Nothing is computed; what is not such a word stays as it is written.
import type { RequestView } from '../../pdk/index.ts';

export type WordSource = 'headers' | 'query_params' | 'uri_captures';

export type Rendered =
  | { readonly ok: true; readonly text: string }
  /** The request does not have it. */
  | { readonly ok: false; readonly source: WordSource; readonly name: string };

export interface RequestText {
  /** Of a text without words. */
  readonly constant: string | undefined;
  /** A word in it is not of the form that is understood. */
  readonly isBroken: boolean;
  render(request: RequestView): Rendered;
}

type Part = string | { readonly source: WordSource; readonly name: string };

const WORD = /^(headers|query_params|uri_captures)(?:\.([A-Za-z0-9_-]+)|\[(?:"([^"\]]+)"|'([^'\]]+)'|(\d+))\])$/;

export function compileRequestText(text: string): RequestText {
  const parts: Part[] = [];
  let isBroken = false;
  let at = 0;
  for (;;) {
    const open = text.indexOf('$(', at);
    const close = open < 0 ? -1 : text.indexOf(')', open);
    if (close < 0) break;
    if (open > at) parts.push(text.slice(at, open));
    const [, source, plain, double, single, index] = WORD.exec(text.slice(open + 2, close).trim()) ?? [];
    const name = plain ?? double ?? single ?? index;
    if (source === undefined || name === undefined) {
      isBroken = true;
      parts.push(text.slice(open, close + 1));
    } else parts.push({ source: source as WordSource, name });
    at = close + 1;
  }
  if (at < text.length || parts.length === 0) parts.push(text.slice(at));
  const constant = parts.every((part) => typeof part === 'string') ? text : undefined;
  return {
    constant,
    isBroken,
    render(request) {
      if (constant !== undefined) return { ok: true, text: constant };
      let rendered = '';
      for (const part of parts) {
        if (typeof part === 'string') rendered += part;
        else {
          const value = readWord(request, part.source, part.name);
          if (value === undefined) return { ok: false, ...part };
          rendered += value;
        }
      }
      return { ok: true, text: rendered };
    },
  };
}

function readWord(request: RequestView, source: WordSource, name: string): string | undefined {
  if (source === 'headers') return request.header(name) ?? request.header(name.replaceAll('_', '-'));
  if (source === 'query_params') {
    const values = request.query();
    const found = Object.hasOwn(values, name) ? values[name] : undefined;
    const first = Array.isArray(found) ? found[0] : found;
    return first === undefined ? undefined : String(first);
  }
  const { captures } = request;
  if (captures === undefined) return undefined;
  if (/^\d+$/.test(name)) return captures.unnamed[Number(name)];
  return Object.hasOwn(captures.named, name) ? captures.named[name] : undefined;
}
