// Passwords of which the gateway keeps a hash only. A dump has the hash; whoever syncs it to a gateway that does not have the
// credential would make a password of it that nobody knows, and should be told.
import { judgeHashes } from '../../schema/compare.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import { kindWord } from './label.ts';
import { operationsOf, type Plan } from './plan.ts';

/** What the usual hash functions give, in hexadecimal digits. */
const LOOKS_HASHED = /^(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/;

/** One sentence for each credential that would be made with a hash for a password. */
export const describeHashes = (schemas: SchemaSet, plan: Plan): string[] =>
  operationsOf(plan).flatMap((operation) => {
    if (operation.action !== 'create') return [];
    const schema = schemaOf(schemas, operation.kind);
    return Object.entries(schema.fields)
      .filter(([name, field]) => field.hashed === true && LOOKS_HASHED.test(String(operation.after[name])))
      .map(
        ([name]) =>
          `the ${name} of ${kindWord(schema)} ${operation.label} looks like a hash, and would be hashed once more`,
      );
  });

/** One sentence for each kind whose passwords cannot be compared with those that the gateway has. */
export const describeUnclear = (schemas: SchemaSet, current: State, desired: State): string[] =>
  [...schemas.entities.values()].flatMap((schema) => {
    const names = Object.keys(schema.fields).filter((name) => schema.fields[name]!.hashed !== undefined);
    if (schema.deck === undefined || names.length === 0) return [];
    const count = desired.list(schema.name).filter((written) => {
      const stored = current.get(schema.name, written.id);
      return stored !== undefined && judgeHashes(schema.fields, stored, written).unclear.length > 0;
    }).length;
    return count === 0
      ? []
      : [
          `the ${names.join(', ')} of ${count} ${kindWord(schema)} cannot be compared with the hash on the gateway, and stays`,
        ];
  });
