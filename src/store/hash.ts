// A short name for a whole configuration, to tell whether a file is the one that was used before: md5, as Kong reports it.
import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../lib/json.ts';
import type { State } from '../state/state.ts';

/** Before any configuration was given. */
export const NO_HASH = '0'.repeat(32);

export const hashText = (text: string): string => createHash('md5').update(text).digest('hex');

/** The same for the same files, whenever they are read: moments that the loader fills in do not count. */
export function hashState(state: State): string {
  const hash = createHash('md5');
  for (const schema of state.schemas.entities.values()) {
    const moments = Object.entries(schema.fields).flatMap(([name, field]) =>
      field.auto === true && 'timestamp' in field ? [name] : [],
    );
    for (const entity of state.list(schema.name)) {
      const lasting: JsonObject = { ...entity };
      for (const name of moments) delete lasting[name];
      hash.update(`${schema.name} ${canonicalJson(lasting)}\n`);
    }
  }
  return hash.digest('hex');
}
