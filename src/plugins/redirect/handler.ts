// redirect at work. Without `keep_incoming_path` the answer is the same for every request and made once.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { escapePath } from '../../lib/uri.ts';
import { type Answer, type Environment, exit, type Phases, type PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, _environment: Environment): Phases {
  const { status_code, location, keep_incoming_path } = config;
  const answer = (target: string): Answer => exit(status_code, 'redirecting', { Location: target });
  if (keep_incoming_path !== true) {
    const fixed = answer(utf8ToBytes(location));
    return { access: () => fixed };
  }
  const { prefix, fragment } = splitLocation(location);
  return {
    access({ request }) {
      const query = request.rawQuery === '' ? '' : `?${escapeQuery(request.rawQuery)}`;
      return answer(prefix + escapedPath(request.path) + query + fragment);
    },
  };
}

/** What stands before the path and behind the query, written as the URL standard writes it. */
function splitLocation(location: string): { prefix: string; fragment: string } {
  const url = new URL(location);
  const login = url.username === '' && url.password === '' ? '' : `${url.username}:${url.password}@`;
  return { prefix: `${url.protocol}//${login.replace(':@', '@')}${url.host}`, fragment: url.hash };
}

/** Always with a slash: the host before it stays as it is configured. */
const escapedPath = (path: string): string => (path.startsWith('/') ? escapePath(path).replaceAll('#', '%23') : '/');

/** Bytes that may not stand in a URL's query. */
const escapeQuery = (query: string): string =>
  query.replace(
    /[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
