// Where decK's files and those of Kong's DB-less mode differ: relations that decK nests inside one of the two entities stand
// in lists of their own there. Data only; format.ts moves the entries.

export interface Relation {
  /** The flat list of the DB-less dialect. */
  readonly flat: string;
  /** Keys of decK's nested list that the DB-less dialect calls otherwise when it nests. */
  readonly nestedAs: readonly string[];
  /** decK's nested list, inside entities of `reference`. */
  readonly reference: string;
  readonly list: string;
  /** Field of a flat entry that names the parent, and the parent's fields that it may name, the preferred first. */
  readonly parentField: string;
  readonly parentNames: readonly string[];
  /** Field of a flat entry → fields of a nested entry that say the same: by name, and by id. */
  readonly renamed: { readonly [flat: string]: { readonly name: string; readonly id: string } };
}

export const RELATIONS: readonly Relation[] = [
  {
    flat: 'consumer_group_plugins',
    nestedAs: ['consumer_group_plugins'],
    reference: 'consumer_groups',
    list: 'plugins',
    parentField: 'consumer_group',
    parentNames: ['name', 'id'],
    renamed: {},
  },
  {
    flat: 'consumer_group_consumers',
    nestedAs: ['consumer_group_consumers'],
    reference: 'consumers',
    list: 'groups',
    parentField: 'consumer',
    parentNames: ['username', 'custom_id', 'id'],
    renamed: { consumer_group: { name: 'name', id: 'id' } },
  },
  {
    flat: 'plugins_partials',
    nestedAs: ['plugins_partials'],
    reference: 'plugins',
    list: 'partials',
    parentField: 'plugin',
    parentNames: ['id', 'instance_name'],
    renamed: { partial: { name: 'name', id: 'id' } },
  },
];
