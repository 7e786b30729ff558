// What runs inside the context before any chunk: it builds `kong` from one function of the host, which takes and gives texts
// only. No object of the host ever gets in, so none of its constructors can be reached from inside.

/**
 * `host(operation, argumentsAsJson)` answers JSON, or a text that starts with `!` for a mistake of the caller. `run()` runs
 * the chunk that the host names and answers '' or what went wrong.
 */
export const GUEST_SOURCE = `'use strict';
(host) => {
  const { parse, stringify } = JSON;
  const EXIT = Object.freeze({});
  const call = (operation, values) => {
    const text = host(operation, stringify(values));
    if (text === '') return undefined;
    if (text[0] === '!') throw new Error(text.slice(1));
    return parse(text);
  };
  const group = (prefix, names) => {
    const made = Object.create(null);
    for (const name of names) {
      const operation = prefix + '.' + name;
      made[name] = (...values) => {
        const answer = call(operation, values);
        if (operation === 'response.exit' || operation === 'response.error') throw EXIT;
        return answer;
      };
    }
    return made;
  };
  const values = (prefix) => new Proxy(Object.create(null), {
    get: (_, key) => (typeof key === 'string' ? call(prefix + '.get', [key]) : undefined),
    set: (_, key, value) => (call(prefix + '.set', [String(key), value === undefined ? null : value]), true),
    deleteProperty: (_, key) => (call(prefix + '.set', [String(key), null]), true),
  });
  const kong = Object.create(null);
  kong.request = group('request', ['get_id', 'get_method', 'get_scheme', 'get_host', 'get_port', 'get_http_version',
    'get_path', 'get_raw_path', 'get_raw_query', 'get_path_with_query', 'get_query', 'get_query_arg', 'get_header',
    'get_headers', 'get_raw_body', 'get_start_time', 'get_uri_captures', 'get_forwarded_scheme', 'get_forwarded_host',
    'get_forwarded_port', 'get_forwarded_path']);
  kong.service = group('service', ['set_target']);
  kong.service.request = Object.freeze(group('service.request', ['set_method', 'set_path', 'set_raw_query', 'set_header',
    'add_header', 'clear_header', 'set_raw_body']));
  kong.response = group('response', ['exit', 'error', 'set_header', 'add_header', 'clear_header', 'get_status',
    'set_status', 'get_header', 'get_headers', 'get_source', 'get_raw_body', 'set_raw_body']);
  kong.client = group('client', ['get_ip', 'get_forwarded_ip', 'get_port', 'get_consumer', 'get_credential']);
  kong.router = group('router', ['get_route', 'get_service']);
  kong.node = group('node', ['get_id', 'get_hostname']);
  kong.log = group('log', ['debug', 'info', 'notice', 'warn', 'err', 'set_serialize_value']);
  kong.ctx = Object.create(null);
  kong.ctx.shared = values('ctx.shared');
  kong.ctx.plugin = values('ctx.plugin');
  for (const name of Object.keys(kong)) Object.freeze(kong[name]);
  Object.freeze(kong);
  // Nothing may go on when the call has ended: a time limit that strikes in a promise would harm the host.
  for (const name of ['Promise', 'WebAssembly', 'Atomics', 'SharedArrayBuffer', 'FinalizationRegistry', 'WeakRef',
    'AsyncDisposableStack', 'ShadowRealm', 'console']) delete globalThis[name];
  delete Array.fromAsync;
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = globalThis[name];
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    if (value !== globalThis) Object.freeze(value);
    if (typeof value === 'function' && value.prototype) Object.freeze(value.prototype);
  }
  const chunks = [];
  const describe = (problem) => {
    try {
      return problem instanceof Error ? problem.name + ': ' + problem.message : 'threw ' + String(problem);
    } catch {
      return 'threw something that has no text';
    }
  };
  globalThis.run = () => {
    try {
      const index = call('chunk', []);
      let result = chunks[index](kong);
      // A chunk that returns a function has made its handler: what it closed over lives on.
      if (typeof result === 'function') {
        chunks[index] = result;
        result = result(kong);
      }
      return '';
    } catch (problem) {
      return problem === EXIT ? '' : describe(problem);
    }
  };
  Object.freeze(globalThis);
  return (chunk) => chunks.push(chunk) - 1;
};`;
