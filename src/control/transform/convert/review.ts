// Looks through a file before it is converted for what the conversion leaves to people.
import { cloneJson, type JsonObject } from '../../../lib/json.ts';
import { lintTree, type Violation } from '../../lint/lint.ts';
import { parseRuleset } from '../../lint/ruleset.ts';
import type { Tree } from '../tree.ts';
import { CHECKS } from './checks.ts';

export async function reviewTree(tree: Tree, to: string): Promise<Violation[]> {
  const rules = CHECKS[to];
  if (rules === undefined) return [];
  const parsed = parseRuleset(tree.source, { rules: cloneJson(rules) } as JsonObject);
  if (!parsed.ok) throw new Error(`the checks for ${to} are wrong: ${JSON.stringify(parsed.problems)}`);
  return lintTree(tree, parsed.rules);
}
