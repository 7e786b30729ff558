// oauth2: an OAuth 2.0 authorization server, and the check of the tokens it gave.
import { definePlugin } from '../../pdk/index.ts';
import { oauth2AuthorizationCodes, oauth2Credentials, oauth2Tokens } from './entities.ts';
import { schema } from './schema.ts';

export const oauth2 = definePlugin({
  name: 'oauth2',
  priority: 1400,
  version: '3.10.0',
  schema,
  entities: [oauth2Credentials, oauth2AuthorizationCodes, oauth2Tokens],
  handler: () => import('./handler.ts'),
});
