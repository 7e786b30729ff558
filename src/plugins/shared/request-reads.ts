// What Kong's functions without arguments tell of a request, by their names.
import type { RequestView } from '../../pdk/index.ts';

export const REQUEST_READS: Readonly<Record<string, (request: RequestView) => string | number>> = {
  get_id: ({ id }) => id,
  get_method: ({ method }) => method,
  get_scheme: ({ scheme }) => scheme,
  get_host: ({ host }) => host,
  get_port: ({ port }) => port,
  get_http_version: ({ httpVersion }) => httpVersion,
  get_path: ({ path }) => path,
  get_raw_path: ({ rawPath }) => rawPath,
  get_raw_query: ({ rawQuery }) => rawQuery,
  get_path_with_query: ({ target }) => target,
  get_start_time: ({ startedAt }) => startedAt,
  get_forwarded_scheme: ({ forwarded }) => forwarded.scheme,
  get_forwarded_host: ({ forwarded }) => forwarded.host,
  get_forwarded_port: ({ forwarded }) => forwarded.port,
  get_forwarded_path: ({ forwarded }) => forwarded.path,
};

/** The first value of an argument of the query; true for one without `=`. */
export function firstArgument(request: RequestView, name: string): string | true | undefined {
  const values = request.query();
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  return Array.isArray(value) ? value[0] : value;
}
