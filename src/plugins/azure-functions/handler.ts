// azure-functions at work: the function answers in place of an upstream. Method, query, headers and body go there; the path
// is the configuration's.
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  exit,
  type Phases,
  type PluginConfig,
} from '../../pdk/index.ts';
import { passHeaders, withVia } from '../shared/foreign-answer.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const MAX_BODY = 64 * 1024 * 1024;
const MAX_ANSWER = 64 * 1024 * 1024;
/** Between client and gateway, or made anew. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'te',
  'expect',
]);

export function create(config: Config, { network, log }: Environment): Phases {
  const base = addressOf(config);
  const keys = { 'x-functions-key': config.apikey, 'x-functions-clientid': config.clientid };
  const failed = exit(500, { message: 'An unexpected error occurred' });
  const tooLarge = error(413);

  function headersOf({ request }: AccessExchange): Record<string, string | string[]> {
    const headers = Object.fromEntries(Object.entries(request.headers(1000)).filter(([name]) => !NOT_SENT.has(name)));
    for (const [name, value] of Object.entries(keys)) {
      if (value === null) delete headers[name];
      else headers[name] = value;
    }
    return headers;
  }

  async function access(exchange: AccessExchange): Promise<Answer> {
    const { request } = exchange;
    const body = await request.body(MAX_BODY);
    if (body === undefined) return tooLarge;
    try {
      const answer = await network.open({
        url: request.rawQuery === '' ? base : `${base}?${request.rawQuery}`,
        method: request.method,
        headers: headersOf(exchange),
        body,
        timeoutMs: config.timeout ?? 600_000,
        keepAliveMs: config.keepalive ?? 60_000,
        verify: config.https_verify === true,
      });
      const bytes = await answer.bytes(MAX_ANSWER);
      return exit(answer.status, bytes, withVia(passHeaders(answer.headers)));
    } catch (problem) {
      log.error(`the function did not answer: ${String(problem)}`, { request_id: request.id });
      return failed;
    }
  }

  return { access };
}

function addressOf({ https, appname, hostdomain, routeprefix, functionname }: Config): string {
  const inner = (text: string | null): string => (text ?? '').replace(/^\/+|\/+$/g, '');
  const path = [inner(routeprefix), inner(functionname)].filter((part) => part !== '').join('/');
  return `${https === false ? 'http' : 'https'}://${appname}.${hostdomain}/${path}`;
}
