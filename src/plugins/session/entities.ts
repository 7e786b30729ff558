// What session stores with `storage: kong`: the sessions, and who they belong to.
import { defineEntity } from '../../schema/define.ts';
import { timestampSeconds, uuid } from '../../schema/typedefs.ts';

export const sessions = defineEntity({
  name: 'sessions',
  describes: 'stored session',
  primary_key: ['id'],
  endpoint_key: 'session_id',
  cache_key: ['session_id'],
  db_export: false,
  ttl: true,
  workspaceable: false,
  fields: {
    id: uuid,
    session_id: {
      type: 'string',
      required: true,
      unique: true,
      encrypted: true,
      description: 'Name of the session, as its cookie has it.',
    },
    expires: { type: 'integer', description: 'Moment it ends, in seconds since 1970.' },
    data: { type: 'string', encrypted: true, description: 'Its content, encrypted.' },
    created_at: timestampSeconds,
  },
});

export const sessionMetadatas = defineEntity({
  name: 'session_metadatas',
  describes: 'session audience/subject index',
  primary_key: ['id'],
  generate_admin_api: false,
  db_export: false,
  workspaceable: false,
  fields: {
    id: uuid,
    session: {
      type: 'foreign',
      reference: 'sessions',
      required: true,
      on_delete: 'cascade',
      description: 'Session it describes.',
    },
    sid: { type: 'string', description: 'Name of the session.' },
    audience: { type: 'string', description: 'Application that the session is good for.' },
    subject: { type: 'string', description: 'Whom the session belongs to.' },
    created_at: timestampSeconds,
  },
});
