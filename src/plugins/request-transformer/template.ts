// Values with `$(expression)` in them, compiled once. Text in and out is byte text: what stands outside of expressions is
// written as UTF-8, what comes from the request passes as it is.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { type Evaluate, parseExpression, type Source, type Sources } from './expression.ts';
import { tokenize } from './tokens.ts';
import { EvaluationError, isTrue, MAX_TEXT, toText } from './values.ts';

export interface Scope extends Sources {
  /** Hears why a template could not be rendered. */
  fail(reason: string): void;
}

export interface Template {
  readonly ok: true;
  /** What it renders to when nothing of it depends on the request. */
  readonly constant: string | undefined;
  readonly uses: ReadonlySet<Source>;
  /** nil and false render as nothing. Undefined when an expression failed. `encode` is applied to expressions, not to text. */
  render(scope: Scope, encode?: (text: string) => string): string | undefined;
}

export function compileTemplate(text: string): Template | { readonly ok: false; readonly reason: string } {
  const pieces: (string | Evaluate)[] = [];
  const uses = new Set<Source>();
  let at = 0;
  for (let open = text.indexOf('$('); open >= 0; open = text.indexOf('$(', at)) {
    const tokens = tokenize(text, open + 2);
    if (!tokens.ok) return tokens;
    const expression = parseExpression(tokens.tokens);
    if (!expression.ok) return expression;
    if (open > at) pieces.push(utf8ToBytes(text.slice(at, open)));
    pieces.push(expression.evaluate);
    for (const source of expression.uses) uses.add(source);
    at = tokens.end;
  }
  if (at < text.length || pieces.length === 0) pieces.push(utf8ToBytes(text.slice(at)));
  const [first] = pieces;
  const constant = pieces.length === 1 && typeof first === 'string' ? first : undefined;
  return { ok: true, constant, uses, render: (scope, encode) => constant ?? render(pieces, scope, encode) };
}

function render(
  pieces: readonly (string | Evaluate)[],
  scope: Scope,
  encode: ((text: string) => string) | undefined,
): string | undefined {
  let output = '';
  try {
    for (const piece of pieces) {
      if (typeof piece === 'string') output += piece;
      else {
        const value = piece(scope);
        const text = isTrue(value) ? toText(value) : '';
        output += encode === undefined ? text : encode(text);
      }
    }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    scope.fail(error.message);
    return undefined;
  }
  if (output.length <= MAX_TEXT) return output;
  scope.fail(`a value of more than ${MAX_TEXT} bytes`);
  return undefined;
}
