// ldap-auth: the caller is who can bind to an LDAP server.
import { definePlugin } from '../../pdk/index.ts';
import { schema } from './schema.ts';

export const ldapAuth = definePlugin({
  name: 'ldap-auth',
  priority: 1200,
  version: '3.10.0',
  schema,
  handler: () => import('./handler.ts'),
});
