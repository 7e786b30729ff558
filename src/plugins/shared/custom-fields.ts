// `custom_fields_by_lua`: extra fields of the log record. Of Lua only `return` of a literal or of one reading call is understood;
// anything else is refused when it is configured, so that nothing silently does less than it says.
import type { LoggedExchange } from '../../pdk/index.ts';
import { type Read, type Readable, readOfCall } from './field-calls.ts';

const QUOTED = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')$/s;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** What a snippet returns: undefined for nil. */
export function compileSnippet(code: string): { ok: true; read: Read } | { ok: false; reason: string } {
  const expression = returnedExpression(code);
  const read = expression === undefined ? undefined : (literal(expression) ?? readOfCall(expression, textIn));
  return read === undefined ? { ok: false, reason: UNSUPPORTED } : { ok: true, read };
}

function literal(expression: string): Read | undefined {
  if (expression === 'nil') return () => undefined;
  if (expression === 'true' || expression === 'false') return () => expression === 'true';
  if (NUMBER.test(expression)) return () => Number(expression);
  const text = textIn(expression);
  return text === undefined ? undefined : () => text;
}

function textIn(quoted: string): string | undefined {
  const found = QUOTED.exec(quoted);
  const text = found?.[1] ?? found?.[2];
  return text?.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

/** Behind `return` and in front of a semicolon. */
function returnedExpression(code: string): string | undefined {
  const text = code.trim();
  if (!/^return\s/.test(text)) return undefined;
  const expression = text.slice('return'.length).trimStart();
  return expression.endsWith(';') ? expression.slice(0, -1).trimEnd() : expression;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const UNSUPPORTED =
  'only `return` of a string, a number, true, false, nil or one call like kong.request.get_header("name") is supported here, not Lua code';

export const customFields = {
  type: 'map',
  keys: { type: 'string', len_min: 1 },
  values: {
    type: 'string',
    len_min: 1,
    custom_validator: (code: string): string | undefined => {
      const result = compileSnippet(code);
      return result.ok ? undefined : result.reason;
    },
  },
  description: 'Fields to add to the log record, or to remove from it by returning nil.',
} as const;

type Snippets = Readonly<Record<string, string>> | null;

/** Sets the values of all snippets in the log record. Throws at once for one that the schema would have refused. */
export function customFieldSetter(
  snippets: Snippets,
): (exchange: Pick<LoggedExchange, 'setLogValue'> & Readable) => void {
  const fields = Object.entries(snippets ?? {}).map(([key, code]): [string, Read] => {
    const result = compileSnippet(code);
    if (!result.ok) throw new Error(`custom_fields_by_lua.${key}: ${result.reason}`);
    return [key, result.read];
  });
  return (exchange) => {
    for (const [key, read] of fields) exchange.setLogValue(key, read(exchange));
  };
}
