// Every pair of a tag and an entity that has it: a view, never stored. `/tags` answers it.
import { defineEntity } from '../schema/define.ts';
import { checkTag } from '../schema/formats.ts';
import { uuid } from '../schema/typedefs.ts';

export const tagPairs = defineEntity({
  name: 'tags',
  describes: 'a tag and an entity that has it',
  primary_key: ['tag'],
  endpoint_key: 'tag',
  generate_admin_api: false,
  db_export: false,
  workspaceable: false,
  fields: {
    tag: { type: 'string', required: true, custom_validator: checkTag, description: 'The tag.' },
    entity_name: { type: 'string', required: true, description: 'Kind of the entity.' },
    entity_id: { ...uuid, required: true, description: 'Id of the entity.' },
  },
});
