// Groups that an authentication plugin found for the caller, for acl to decide by.
import { slot } from '../../pdk/index.ts';

export const authenticatedGroups = slot<readonly string[]>('groups of the authenticated caller');
