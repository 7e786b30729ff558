// The current entities, as the answer to a loaded configuration and as the text of a declarative file.
import type { JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { secondsLeft } from '../../state/expiry.ts';
import type { State } from '../../state/state.ts';

/** A live state keeps the moment of expiry, a file the seconds until then. */
const asWritten = (row: Entity): JsonObject =>
  typeof row['ttl'] === 'number' ? { ...row, ttl: secondsLeft(row['ttl'], Date.now()) } : row;

/** By kind and id. */
export function exportEntities(state: State): JsonObject {
  const all: JsonObject = {};
  for (const kind of state.schemas.entities.keys()) {
    const rows = state.list(kind);
    if (rows.length > 0) all[kind] = Object.fromEntries(rows.map((row) => [row.id, asWritten(row)]));
  }
  return all;
}

/** A file that gives the same state again: entities flat, secrets as they are stored. */
export async function exportText(state: State): Promise<string> {
  const document: JsonObject = { _format_version: '3.0', _transform: false };
  for (const schema of state.schemas.entities.values()) {
    const rows = state.list(schema.name);
    if (rows.length === 0 || schema.db_export === false) continue;
    const foreign = Object.entries(schema.fields).filter(([, field]) => field.type === 'foreign');
    document[schema.name] = rows.map((row) => {
      const written: JsonObject = {};
      for (const [name, value] of Object.entries(asWritten(row))) if (value !== null) written[name] = value;
      for (const [name] of foreign) {
        const reference = row[name] as { id: string } | null;
        if (reference !== null && reference !== undefined) written[name] = reference.id;
      }
      return written;
    });
  }
  const { stringify } = await import('yaml');
  return stringify(document, { version: '1.2', compat: 'yaml-1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}
