// What a route with an expression may be: no other field to match by beside it, and an expression that this gateway can run.
import { utf8ToBytes } from '../lib/byte-text.ts';
import { parseExpression } from '../lib/expression/parse.ts';
import { type Expression, testsOf } from '../lib/expression/tree.ts';
import type { JsonObject } from '../lib/json.ts';
import { isEmpty } from '../schema/checks.ts';
import type { EntityCheck } from '../schema/define.ts';
import { connectionFields, readSegmentRange, requestFields, SEGMENTS } from './route-fields.ts';

const MATCHED = ['methods', 'hosts', 'paths', 'headers', 'snis', 'sources', 'destinations'];
const LIST = "'methods', 'hosts', 'paths', 'headers', 'snis', 'sources' or 'destinations'";
const STREAMS = new Set(['tcp', 'tls', 'udp', 'tls_passthrough']);

export const expressionChecks: readonly EntityCheck[] = [
  { check: 'custom_entity_check', fields: ['protocols', 'expression'], run: checkExpression },
  { check: 'custom_entity_check', fields: ['priority'], run: checkPriority },
];

const failed = (reason: string): string => `Router Expression failed validation: ${reason}`;

const matchesByFields = (route: JsonObject): boolean => MATCHED.some((name) => !isEmpty(route[name]));

function checkExpression(route: JsonObject): string | undefined {
  if (matchesByFields(route)) return failed(`cannot set 'expression' with ${LIST} simultaneously`);
  const regexPriority = route['regex_priority'] ?? 0;
  if (regexPriority !== 0) return failed("cannot set 'regex_priority' with 'expression' simultaneously");
  const isStream = (route['protocols'] as readonly string[]).some((protocol) => STREAMS.has(protocol));
  const table = isStream ? connectionFields : requestFields;
  const parsed = parseExpression(route['expression'] as string, { table, encode: utf8ToBytes });
  if (!parsed.ok) return failed(parsed.reason);
  return hasBrokenSegments(parsed.expression) ? failed(`illformed ${SEGMENTS}* field`) : undefined;
}

function hasBrokenSegments(expression: Expression): boolean {
  for (const { field } of testsOf(expression)) {
    if (!field.startsWith(SEGMENTS)) continue;
    const label = field.slice(SEGMENTS.length);
    if (label !== 'len' && readSegmentRange(label) === undefined) return true;
  }
  return false;
}

function checkPriority(route: JsonObject): string | undefined {
  const isPrioritised = route['priority'] !== 0 && isEmpty(route['expression']);
  return isPrioritised && matchesByFields(route)
    ? failed(`cannot set 'priority' with ${LIST} simultaneously`)
    : undefined;
}
