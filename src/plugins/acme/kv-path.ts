// Names of keys in stores that are reached by path. A slash in a key would be a step down, and an empty step is cleaned away
// by some servers, so none goes into the name.

/** Without slashes at its ends. */
export const kvFolder = (path: string | null): string => (path ?? 'acme').replace(/^\/+|\/+$/g, '');

export const kvName = (key: string): string => encodeURIComponent(key.replaceAll('/', '%2F'));

/** Of a name as the server lists it. */
export const kvKey = (name: string): string => name.replaceAll('%2F', '/');

export const DEFAULT_TIMEOUT_MS = 2000;
