// Passwords of which the gateway keeps a hash only. A dump has the hash; whoever syncs it to a gateway that does not have the
// credential would make a password of it that nobody knows, and should be told.
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
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
