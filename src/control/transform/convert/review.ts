// Looks through a file before it is converted for what the conversion leaves to people.
import { cloneJson, type JsonObject } from '../../../lib/json.ts';
import { lintTree, type Violation } from '../../lint/lint.ts';
import { parseRuleset } from '../../lint/ruleset.ts';
import type { Tree } from '../tree.ts';
import { CHECKS } from './checks.ts';

const THEN = 'then';

export async function reviewTree(tree: Tree, to: string): Promise<Violation[]> {
  const checks = CHECKS[to];
  if (checks === undefined) return [];
  const rules: JsonObject = {};
  for (const [name, { holds, ...rest }] of Object.entries(checks)) {
    rules[name] = { ...(cloneJson(rest) as JsonObject), [THEN]: cloneJson(holds ?? null) };
  }
  const parsed = parseRuleset({ source: tree.source, content: { rules }, extended: [] });
  if (!parsed.ok) throw new Error(`the checks for ${to} are wrong: ${JSON.stringify(parsed.problems)}`);
  return lintTree(tree, parsed.rules);
}
