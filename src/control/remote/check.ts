// Lets the gateway judge every entity of loaded files, with its own schemas, without writing anything.
import { GwctlError } from '../../lib/errors.ts';
import type { Entity } from '../../schema/define.ts';
import { schemaOf } from '../../schema/schema-set.ts';
import { mapConcurrently } from '../concurrency.ts';
import type { Loaded } from '../file/load.ts';
import { kindWord, labelOf } from '../plan/label.ts';
import type { AdminClient } from './client.ts';
import { requestFor } from './target.ts';

/**
 * Throws one error that names every entity the gateway refuses.
 * @param kinds only these; undefined for all.
 */
export async function checkOnline(
  client: AdminClient,
  loaded: Loaded,
  parallelism: number,
  kinds?: ReadonlySet<string>,
): Promise<void> {
  const { schemas, state } = loaded;
  const all = [...schemas.entities.values()].flatMap((schema) =>
    schema.deck === undefined || schema.deck.link !== undefined || kinds?.has(schema.name) === false
      ? []
      : state.list(schema.name).map((entity) => [schema.name, entity] as const),
  );
  const refusals = await mapConcurrently(all, parallelism, ([kind, entity]) =>
    checkEntity(client, loaded, kind, entity),
  );
  const found = refusals.filter((refusal) => refusal !== undefined);
  if (found.length === 0) return;
  throw new GwctlError(
    'E_FILE_INVALID',
    `the gateway refuses ${found.length === 1 ? '1 entity' : `${found.length} entities`}`,
    {
      details: found.join('\n'),
    },
  );
}

async function checkEntity(
  client: AdminClient,
  loaded: Loaded,
  kind: string,
  entity: Entity,
): Promise<string | undefined> {
  const { schemas, state } = loaded;
  const schema = schemaOf(schemas, kind);
  const label = labelOf(schemas, schema, entity, [state]);
  const { body } = requestFor(schemas, { kind, action: 'create', label, after: entity });
  try {
    await client.check(`/schemas/${kind}/validate`, JSON.parse(body!));
    return undefined;
  } catch (error) {
    // Not every kind has such a check; what is there answers 400.
    if (!(error instanceof GwctlError) || error.code !== 'E_REMOTE') throw error;
    if (/ status 40[45]\b/.test(error.message)) return undefined;
    const place = await loaded.positionOf(kind, entity.id);
    const at = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `;
    return [`  ${at}${kindWord(schema)} ${label}: ${error.message}`, error.details]
      .filter((line) => line !== '')
      .join('\n');
  }
}
