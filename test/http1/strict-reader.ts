// A second opinion for the tests: a small strict HTTP/1.1 reader written without the engine's code. It reads a stream of whole
// requests or answers; whatever it does not understand is a fault, never a guess.

export interface Message {
  startLine: string;
  headers: [string, string][];
  framing: 'none' | 'length' | 'chunked' | 'until-close';
  body: string;
}

export interface Reading {
  messages: Message[];
  /** Bytes behind the last whole message. */
  rest: string;
  fault: string | undefined;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The text is bytes in latin1. */
export function readRequests(text: string): Reading {
  return readAll(text, () => false, false);
}

/** `isBodyless(index)` says whether answer number index was to a HEAD request. */
export function readAnswers(
  text: string,
  isEnded: boolean,
  isBodyless: (index: number) => boolean = () => false,
): Reading {
  return readAll(text, isBodyless, isEnded);
}

function readAll(text: string, isBodyless: (index: number) => boolean, isEnded: boolean): Reading {
  const messages: Message[] = [];
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return { messages, rest: text.slice(at), fault: undefined };
    const lines = text.slice(at, end).split('\r\n');
    const [startLine = '', ...fields] = lines;
    const headers: [string, string][] = [];
    for (const field of fields) {
      const colon = field.indexOf(':');
      const name = field.slice(0, colon);
      const value = field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
      if (colon < 1 || !TOKEN.test(name) || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
        return { messages, rest: text.slice(at), fault: `header line ${JSON.stringify(field)}` };
      }
      headers.push([name.toLowerCase(), value]);
    }
    const message: Message = { startLine, headers, framing: 'none', body: '' };
    const next = readBody(text, end + 4, message, isBodyless(messages.filter(isFinal).length), isEnded);
    if (typeof next === 'string') return { messages, rest: text.slice(at), fault: next };
    if (next < 0) return { messages, rest: text.slice(at), fault: undefined };
    messages.push(message);
    at = next;
  }
}

const isFinal = (message: Message): boolean => !/^HTTP\/1\.1 1/.test(message.startLine);

/** The position behind the body, -1 when it is not whole yet, or a fault. */
function readBody(text: string, from: number, message: Message, isHead: boolean, isEnded: boolean): number | string {
  const lengths = message.headers.filter(([name]) => name === 'content-length');
  const codings = message.headers.filter(([name]) => name === 'transfer-encoding');
  if (lengths.length + codings.length > 1) return 'framed twice';
  const status = /^HTTP\/1\.1 (\d{3})/.exec(message.startLine)?.[1];
  if (isHead || status === '204' || status === '304' || status?.startsWith('1')) return from;
  if (codings.length === 1) {
    if (codings[0]?.[1].toLowerCase() !== 'chunked') return 'unknown coding';
    message.framing = 'chunked';
    return readChunks(text, from, message);
  }
  if (lengths.length === 1) {
    const value = lengths[0]?.[1] ?? '';
    if (!/^\d{1,15}$/.test(value)) return 'bad length';
    message.framing = Number(value) === 0 ? 'none' : 'length';
    const end = from + Number(value);
    message.body = text.slice(from, end);
    return end <= text.length ? end : -1;
  }
  if (status === undefined) return from;
  message.framing = 'until-close';
  message.body = text.slice(from);
  return isEnded ? text.length : -1;
}

function readChunks(text: string, from: number, message: Message): number | string {
  let at = from;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return -1;
    const size = text.slice(at, line);
    if (!/^[0-9a-fA-F]{1,13}$/.test(size)) return `chunk size ${JSON.stringify(size)}`;
    const length = Number.parseInt(size, 16);
    at = line + 2;
    if (text.length < at + length + 2) return -1;
    message.body += text.slice(at, at + length);
    at += length;
    if (text.slice(at, at + 2) !== '\r\n') return length === 0 ? 'trailers' : 'chunk end';
    at += 2;
    if (length === 0) return at;
  }
}
