// State files from before format version 3.0 say some things in other words. Files and `/config` rewrite them alike.
import type { JsonObject } from '../lib/json.ts';
import type { EntitySchema } from './define.ts';

/** Versions of the format whose words are rewritten. */
export const OLD_FORMATS: ReadonlySet<string> = new Set(['1.1', '2.1']);

/** Puts what an older format says in the words of this one. Changes `fields`. */
export function upgradeFields(schema: EntitySchema, fields: JsonObject): void {
  for (const [name, rewrite] of Object.entries(schema.upgrade ?? {})) {
    const value = fields[name];
    if (value !== undefined) fields[name] = Array.isArray(value) ? value.map(rewrite) : rewrite(value);
  }
}
