// Sections of the file format that exist elsewhere and not here yet. They are refused with a sentence of their own: an
// unknown key would look like a typing error, and ignoring them would delete things. An entry ends when a schema of the
// same name is registered.

export const UNSUPPORTED_SECTIONS: ReadonlySet<string> = new Set([
  'cloned_plugins',
  'custom_entities',
  'custom_plugins',
  'filter_chains',
  'licenses',
  'rbac_roles',
  'service_packages',
]);

/** Keys inside entities that belong to those sections. */
export const UNSUPPORTED_KEYS: ReadonlySet<string> = new Set(['filter_chains']);

/** Keys of `_info` that change what a file means: refused by name, because ignoring them would sync something else. */
export const UNSUPPORTED_INFO: ReadonlySet<string> = new Set([
  'consumer_group_policy_overrides',
  'skip_hash_for_basic_auth',
  'include_plugin_definitions',
]);
