// Splits the text of a .proto file into words, signs, numbers and texts; comments are dropped.

export type Token =
  | { readonly kind: 'word' | 'sign' | 'number'; readonly text: string; readonly line: number }
  | { readonly kind: 'text'; readonly text: string; readonly line: number };

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:0[xX][0-9A-Fa-f]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\u0007', b: '\b', f: '\f', v: '\v' };

export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const matchAt = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const sign = source[at]!;
    if (sign === '\n') line += 1;
    if (/\s/.test(sign)) at += 1;
    else if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2);
      const stop = end < 0 ? source.length : end + 2;
      line += source.slice(at, stop).split('\n').length - 1;
      at = stop;
    } else if (sign === '"' || sign === "'") {
      const text = readText(source, at);
      if (text === undefined) throw new Error(`line ${line}: a text does not end`);
      tokens.push({ kind: 'text', text: text.value, line });
      at = text.end;
    } else {
      const word = matchAt(WORD);
      const number = word === undefined ? matchAt(NUMBER) : undefined;
      const text = word ?? number ?? sign;
      tokens.push({ kind: word !== undefined ? 'word' : number !== undefined ? 'number' : 'sign', text, line });
      at += text.length;
    }
  }
  return tokens;
}

function readText(source: string, start: number): { readonly value: string; readonly end: number } | undefined {
  const quote = source[start];
  let value = '';
  for (let at = start + 1; at < source.length; at++) {
    const sign = source[at]!;
    if (sign === quote) return { value, end: at + 1 };
    if (sign === '\n') return undefined;
    if (sign !== '\\') value += sign;
    else {
      const next = source[++at] ?? '';
      value += ESCAPES[next] ?? next;
    }
  }
  return undefined;
}
