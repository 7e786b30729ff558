// Fields that go away with the next major version. `old_default` is the value that counted as unset: clients of the Admin
// API read it from `/schemas`.
import type { Json } from '../../lib/json.ts';
import type { Deprecation } from '../../schema/define.ts';

const REMOVAL = '4.0';

export const deprecated = (message: string): Deprecation => ({ message, removal_in_version: REMOVAL });

export const deprecatedDefault = (
  message: string,
  old_default: Json,
): Deprecation & { readonly old_default: Json } => ({
  message,
  old_default,
  removal_in_version: REMOVAL,
});
