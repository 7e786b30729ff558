// Selectors: JSONPath (RFC 9535) over the values of a tree, answered as nodes of that tree. The leading `$` may be left out,
// as decK's users do.
import { type FilterFunction, FunctionExpressionType, JSONPathEnvironment, JSONPathError } from 'json-p3';
import { isMap, isNode, isSeq, type Node } from 'yaml';
import { GwctlError } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { Path } from '../file/diagnostics.ts';
import { readRegex } from '../regex.ts';
import { jsonOf, nameOf, type Tree } from './tree.ts';

/** @returns each selected node once, in the order of the selectors. */
export function selectNodes(tree: Tree, selectors: readonly string[]): Node[] {
  const found = new Set<Node>();
  const value = jsonOf(tree);
  for (const selector of selectors) {
    for (const { path } of findPlaces(selector, value)) {
      const node = nodeAt(tree, path);
      if (isNode(node)) found.add(node);
    }
  }
  return [...found];
}

function nodeAt(tree: Tree, path: Path): unknown {
  let node: unknown = tree.document.contents;
  for (const step of path) {
    if (isMap(node)) node = node.items.find((pair) => nameOf(pair) === String(step))?.value;
    else node = isSeq(node) ? node.items[Number(step)] : undefined;
  }
  return node;
}

/** Path and value of everything that a JSONPath finds. */
export function findPlaces(selector: string, value: Json): { path: Path; value: Json }[] {
  const environment = new JSONPathEnvironment();
  environment.functionRegister.set('search', withRegex('anywhere'));
  environment.functionRegister.set('match', withRegex('whole'));
  try {
    const { nodes } = environment.query(withRoot(selector), value as never);
    return nodes.map(({ location, value: found }) => ({ path: location, value: found as Json }));
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    throw new GwctlError('E_USAGE', `'${selector}' is not a valid JSONPath expression: ${error.message}`, {
      hint: "Selectors look like '$.services[*]', '$..routes[*]' or '$.services[?@.name == \"orders\"]'.",
      cause: error,
    });
  }
}

/** The standard's own regular expressions have no `\d` and no flags, and what it does not know finds nothing in silence. */
function withRegex(extent: 'anywhere' | 'whole'): FilterFunction {
  const known = new Map<string, RegExp>();
  const regexOf = (pattern: string): RegExp => {
    const regex = known.get(pattern) ?? readRegex(pattern, { extent });
    if (regex === undefined) throw new GwctlError('E_USAGE', `'${pattern}' is no regular expression`);
    known.set(pattern, regex);
    return regex;
  };
  return {
    argTypes: [FunctionExpressionType.ValueType, FunctionExpressionType.ValueType],
    returnType: FunctionExpressionType.LogicalType,
    call: (text, pattern) => typeof text === 'string' && typeof pattern === 'string' && regexOf(pattern).test(text),
  };
}

/** Texts in quotes; `@.name =~ /^a/i` of decK, which the standard spells search(@.name, "^a"); equality of JavaScript. */
const OTHERWISE = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(@[\w.[\]'"-]*)\s*=~\s*\/((?:[^/\\]|\\.)*)\/([ims]*)|([=!]==)/g;

function withRoot(written: string): string {
  const selector = written.replaceAll(
    OTHERWISE,
    (whole, value?: string, regex = '', flags = '', equality?: string): string => {
      if (value !== undefined) {
        const pattern = `${flags === '' ? '' : `(?${flags})`}${regex.replaceAll('\\/', '/')}`;
        return `search(${value}, ${JSON.stringify(pattern)})`;
      }
      return equality === undefined ? whole : equality.slice(0, 2);
    },
  );
  if (selector.startsWith('$')) return selector;
  return /^[.[]/.test(selector) ? `$${selector}` : `$.${selector}`;
}
