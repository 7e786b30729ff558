// `custom_fields_by_lua`: extra fields of the log record. Of Lua only `return` of a literal is understood; anything else is
// refused when it is configured, so that nothing silently does less than it says.
import type { Json } from '../../lib/json.ts';
import type { LoggedExchange } from '../../pdk/index.ts';

const QUOTED = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')$/s;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** The value that a snippet returns: undefined for nil. */
export function evaluateSnippet(code: string): { ok: true; value: Json | undefined } | { ok: false; reason: string } {
  const expression = returnedExpression(code);
  if (expression === undefined) return { ok: false, reason: UNSUPPORTED };
  if (expression === 'nil') return { ok: true, value: undefined };
  if (expression === 'true' || expression === 'false') return { ok: true, value: expression === 'true' };
  if (NUMBER.test(expression)) return { ok: true, value: Number(expression) };
  const quoted = QUOTED.exec(expression);
  const text = quoted?.[1] ?? quoted?.[2];
  if (text === undefined) return { ok: false, reason: UNSUPPORTED };
  return { ok: true, value: text.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter) };
}

/** Behind `return` and in front of a semicolon. */
function returnedExpression(code: string): string | undefined {
  const text = code.trim();
  if (!/^return\s/.test(text)) return undefined;
  const expression = text.slice('return'.length).trimStart();
  return expression.endsWith(';') ? expression.slice(0, -1).trimEnd() : expression;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const UNSUPPORTED = 'only `return` of a string, a number, true, false or nil is supported here, not Lua code';

export const customFields = {
  type: 'map',
  keys: { type: 'string', len_min: 1 },
  values: {
    type: 'string',
    len_min: 1,
    custom_validator: (code: string): string | undefined => {
      const result = evaluateSnippet(code);
      return result.ok ? undefined : result.reason;
    },
  },
  description: 'Fields to add to the log record, or to remove from it by returning nil.',
} as const;

type Snippets = Readonly<Record<string, string>> | null;

/** Sets the values of all snippets in the log record. Throws at once for one that the schema would have refused. */
export function customFieldSetter(snippets: Snippets): (exchange: Pick<LoggedExchange, 'setLogValue'>) => void {
  const fields = Object.entries(snippets ?? {}).map(([key, code]): [string, Json | undefined] => {
    const result = evaluateSnippet(code);
    if (!result.ok) throw new Error(`custom_fields_by_lua.${key}: ${result.reason}`);
    return [key, result.value];
  });
  return (exchange) => {
    for (const [key, value] of fields) exchange.setLogValue(key, value);
  };
}
