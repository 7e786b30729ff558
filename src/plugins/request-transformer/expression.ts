// Expressions of templates: a small, safe part of Lua, compiled to closures. There are no statements, no assignments and no
// names but those of the request; what is not understood is refused by name when the template is compiled.
import { callMethod, METHOD_NAMES } from './text-methods.ts';
import type { Token } from './tokens.ts';
import {
  concatenate,
  isTrue,
  lengthOf,
  member,
  modulo,
  operand,
  type Table,
  toNumber,
  toText,
  typeName,
  type Value,
} from './values.ts';

export const SOURCES = ['headers', 'query_params', 'uri_captures', 'shared'] as const;
export type Source = (typeof SOURCES)[number];
/** What a request offers to expressions. */
export type Sources = Readonly<Record<Source, Table>>;
export type Evaluate = (sources: Sources) => Value;

export type Expression =
  | { readonly ok: true; readonly evaluate: Evaluate; readonly uses: ReadonlySet<Source> }
  | { readonly ok: false; readonly reason: string };

const FUNCTIONS: Readonly<Record<string, (value: Value) => Value>> = {
  type: typeName,
  tostring: toText,
  tonumber: toNumber,
};
const KEYWORDS = new Set(
  'break do else elseif end for function goto if in local repeat return then until while'.split(' '),
);
const OPERATOR_WORDS = new Set(['and', 'or', 'not']);

export function parseExpression(tokens: readonly Token[]): Expression {
  const uses = new Set<Source>();
  try {
    return { ok: true, evaluate: parse(tokens, uses), uses };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Leaves the parser from any depth; never this file. */
class Refusal extends Error {}

/** Recursive descent, from the operator that binds least to the one that binds most. */
function parse(tokens: readonly Token[], uses: Set<Source>): Evaluate {
  let at = 0;

  function whole(): Evaluate {
    const evaluate = either();
    const left = tokens[at];
    if (left !== undefined) throw refuse(left);
    return evaluate;
  }

  function either(): Evaluate {
    let left = both();
    while (take('or')) {
      const [a, b] = [left, both()];
      left = (sources) => {
        const value = a(sources);
        return isTrue(value) ? value : b(sources);
      };
    }
    return left;
  }

  function both(): Evaluate {
    let left = equality();
    while (take('and')) {
      const [a, b] = [left, equality()];
      left = (sources) => {
        const value = a(sources);
        return isTrue(value) ? b(sources) : value;
      };
    }
    return left;
  }

  function equality(): Evaluate {
    let left = concatenation();
    for (;;) {
      const isEqual = take('==');
      if (!isEqual && !take('~=')) return left;
      const [a, b] = [left, concatenation()];
      left = (sources) => (a(sources) === b(sources)) === isEqual;
    }
  }

  /** Right-associative. */
  function concatenation(): Evaluate {
    const a = sum();
    if (!take('..')) return a;
    const b = concatenation();
    return (sources) => concatenate(a(sources), b(sources));
  }

  function sum(): Evaluate {
    let left = product();
    for (;;) {
      const isSum = take('+');
      if (!isSum && !take('-')) return left;
      const [a, b] = [left, product()];
      left = isSum
        ? (sources) => operand(a(sources)) + operand(b(sources))
        : (sources) => operand(a(sources)) - operand(b(sources));
    }
  }

  function product(): Evaluate {
    let left = unary();
    for (;;) {
      const operator = ['*', '/', '%'].find((symbol) => take(symbol));
      if (operator === undefined) return left;
      const [a, b] = [left, unary()];
      if (operator === '*') left = (sources) => operand(a(sources)) * operand(b(sources));
      else if (operator === '/') left = (sources) => operand(a(sources)) / operand(b(sources));
      else left = (sources) => modulo(operand(a(sources)), operand(b(sources)));
    }
  }

  function unary(): Evaluate {
    if (take('not')) {
      const value = unary();
      return (sources) => !isTrue(value(sources));
    }
    if (take('#')) {
      const value = unary();
      return (sources) => lengthOf(value(sources));
    }
    if (take('-')) {
      const value = unary();
      return (sources) => -operand(value(sources));
    }
    return suffixed();
  }

  function suffixed(): Evaluate {
    const first = tokens[at];
    let value = primary();
    const takesSuffix = first?.kind === 'name' ? !LITERALS.has(first.text) : first?.text === '(';
    while (takesSuffix) {
      const object = value;
      if (take('.')) {
        const name = memberName('a name after .');
        value = (sources) => member(object(sources), name);
      } else if (take('[')) {
        const key = either();
        expect(']');
        value = (sources) => member(object(sources), key(sources));
      } else if (take(':')) {
        const name = memberName('a method after :');
        if (!METHOD_NAMES.has(name)) throw new Refusal(`the method '${name}' is not supported`);
        const given = givenArguments();
        value = (sources) =>
          callMethod(
            object(sources),
            name,
            given.map((argument) => argument(sources)),
          );
      } else break;
    }
    if (peek('(')) throw new Refusal('only type, tostring, tonumber and methods of strings can be called');
    return value;
  }

  function primary(): Evaluate {
    const token = tokens[at];
    if (token === undefined) throw new Refusal('the expression is incomplete');
    at += 1;
    if (token.kind === 'string' || token.kind === 'number') {
      const { value } = token;
      return () => value;
    }
    if (token.text === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (token.kind === 'symbol') throw refuse(token);
    return named(token);
  }

  function named(token: Token): Evaluate {
    const name = token.text;
    if (LITERALS.has(name)) {
      const value = LITERALS.get(name);
      return () => value;
    }
    const source = SOURCES.find((known) => known === name);
    if (source !== undefined) {
      uses.add(source);
      return (sources) => sources[source];
    }
    if (!Object.hasOwn(FUNCTIONS, name)) throw refuse(token);
    const [argument, ...others] = givenArguments();
    if (argument === undefined || others.length > 0) throw new Refusal(`${name} takes one argument`);
    const run = FUNCTIONS[name]!;
    return (sources) => run(argument(sources));
  }

  function givenArguments(): Evaluate[] {
    expect('(');
    const given: Evaluate[] = [];
    if (take(')')) return given;
    do given.push(either());
    while (take(','));
    expect(')');
    return given;
  }

  function memberName(what: string): string {
    const token = tokens[at];
    if (token?.kind !== 'name') throw new Refusal(`expected ${what}`);
    at += 1;
    return token.text;
  }

  function peek(text: string): boolean {
    const token = tokens[at];
    return token?.text === text && token.kind !== 'string';
  }

  function take(text: string): boolean {
    if (!peek(text)) return false;
    at += 1;
    return true;
  }

  function expect(text: string): void {
    const token = tokens[at];
    if (take(text)) return;
    throw token === undefined ? new Refusal(`expected '${text}'`) : refuse(token);
  }

  return whole();
}

const LITERALS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['nil', undefined],
  ['true', true],
  ['false', false],
]);

/** Names what stands where it cannot, or is not part of this language. */
function refuse({ kind, text }: Token): Refusal {
  if (kind === 'string' || kind === 'number') return new Refusal(`unexpected ${text}`);
  if (text === '=') return new Refusal('assignment (=) is not supported');
  if (kind === 'symbol') return new Refusal(`'${text}' is not supported here`);
  if (KEYWORDS.has(text)) return new Refusal(`'${text}' is not supported: only expressions are`);
  if (OPERATOR_WORDS.has(text)) return new Refusal(`unexpected '${text}'`);
  if (LITERALS.has(text) || SOURCES.some((source) => source === text) || Object.hasOwn(FUNCTIONS, text)) {
    return new Refusal(`unexpected '${text}'`);
  }
  return new Refusal(`'${text}' is not available: use ${SOURCES.join(', ')}, type, tostring or tonumber`);
}
