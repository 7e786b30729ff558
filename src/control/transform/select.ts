// Selectors: JSONPath (RFC 9535) over the values of a tree, answered as nodes of that tree. The leading `$` may be left out,
// as decK's users do.
import { JSONPathError, query } from 'json-p3';
import { isNode, type Node } from 'yaml';
import { GwctlError } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { Path } from '../file/diagnostics.ts';
import { jsonOf, type Tree } from './tree.ts';

/** @returns each selected node once, in the order of the selectors. */
export function selectNodes(tree: Tree, selectors: readonly string[]): Node[] {
  const found = new Set<Node>();
  const value = jsonOf(tree);
  for (const selector of selectors) {
    for (const { path } of findPlaces(selector, value)) {
      const node = path.length === 0 ? tree.document.contents : tree.document.getIn(path, true);
      if (isNode(node)) found.add(node);
    }
  }
  return [...found];
}

/** Path and value of everything that a JSONPath finds. */
export function findPlaces(selector: string, value: Json): { path: Path; value: Json }[] {
  try {
    const { nodes } = query(withRoot(selector), value as never);
    return nodes.map(({ location, value: found }) => ({ path: location, value: found as Json }));
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    throw new GwctlError('E_USAGE', `'${selector}' is not a valid JSONPath expression: ${error.message}`, {
      hint: "Selectors look like '$.services[*]', '$..routes[*]' or '$.services[?@.name == \"orders\"]'.",
      cause: error,
    });
  }
}

/** decK also knows `@.name =~ /^a/`, which the standard spells search(@.name, "^a"). */
const MATCHES = /(@[\w.[\]'"-]*)\s*=~\s*\/((?:[^/\\]|\\.)*)\//g;

function withRoot(written: string): string {
  const selector = written.replaceAll(
    MATCHES,
    (_, value: string, regex: string) => `search(${value}, ${JSON.stringify(regex.replaceAll('\\/', '/'))})`,
  );
  if (selector.startsWith('$')) return selector;
  return /^[.[]/.test(selector) ? `$${selector}` : `$.${selector}`;
}
