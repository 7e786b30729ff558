// Plugin entities with the settings that they share with others in place. One that shares nothing is the stored entity
// itself; the others stay the same object as long as neither they nor what they share changed.
import type { Entity, EntitySchema } from '../../schema/define.ts';
import { linkedIds, overlaid } from '../../schema/overlay.ts';
import { schemaOf } from '../../schema/schema-set.ts';
import { chooseSubschema } from '../../schema/validate.ts';
import type { State } from '../../state/state.ts';

export interface LinkedPlugins {
  /** In the order of the stored ones. */
  readonly entities: readonly Entity[];
  readonly known: ReadonlyMap<Entity, Linked>;
}

interface Linked {
  readonly whole: Entity;
  readonly sources: readonly (Entity | undefined)[];
}

/** @param onMissing the plugin names settings that are not there: it acts on its own. */
export function linkPlugins(
  state: State,
  stored: readonly Entity[],
  before: LinkedPlugins | undefined,
  onMissing: (plugin: Entity) => void,
): LinkedPlugins {
  const schema = schemaOf(state.schemas, 'plugins');
  const known = new Map<Entity, Linked>();
  const entities = stored.map((entity) => {
    const ids = linkedIds(schema.overlay, entity);
    if (ids.length === 0) return entity;
    const sources = ids.map((id) => state.get(schema.overlay!.entity, id));
    const last = before?.known.get(entity);
    const isSame = last?.sources.every((source, i) => source === sources[i]) === true;
    const whole = isSame ? last.whole : complete(state, schema, entity);
    if (whole === undefined) onMissing(entity);
    known.set(entity, { whole: whole ?? entity, sources });
    return whole ?? entity;
  });
  return { entities, known };
}

function complete(state: State, schema: EntitySchema, entity: Entity): Entity | undefined {
  const chosen = chooseSubschema(state.schemas, schema, entity);
  const fields = state.schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  return overlaid(schema.overlay, fields, entity, (kind, id) => state.get(kind, id));
}
