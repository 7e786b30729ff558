// request-termination at work. It runs after nearly everything else, so the request was authenticated, limited and
// transformed before it is answered here. The fixed answer is made once.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { argumentValues } from '../../lib/form-arguments.ts';
import {
  type Answer,
  type Environment,
  exit,
  type Phases,
  type PluginConfig,
  type RequestView,
} from '../../pdk/index.ts';
import { describeRequest } from './echo.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const TEXTS: Readonly<Record<number, string | undefined>> = {
  401: 'Unauthorized',
  404: 'Not found',
  405: 'Method not allowed',
  500: 'An unexpected error occurred',
  502: 'Bad Gateway',
  503: 'Service unavailable',
};

export function create(config: Config, environment: Environment): Phases {
  const { trigger } = config;
  const applies = trigger === null ? () => true : (request: RequestView) => hasName(request, trigger);
  if (config.echo) {
    return {
      access: (exchange) =>
        applies(exchange.request)
          ? describeRequest(exchange, config.status_code, messageOf(config), environment)
          : undefined,
    };
  }
  const answer = fixedAnswer(config);
  return { access: ({ request }) => (applies(request) ? answer : undefined) };
}

const hasName = (request: RequestView, name: string): boolean =>
  request.header(name) !== undefined || argumentValues(request.rawQuery, name).length > 0;

/** The configured one, else what its status says. */
const messageOf = ({ message, status_code }: Config): string | undefined => message ?? TEXTS[status_code];

function fixedAnswer(config: Config): Answer {
  const { status_code, body, content_type } = config;
  if (body !== null) {
    return exit(status_code, body, content_type === null ? {} : { 'Content-Type': utf8ToBytes(content_type) });
  }
  const message = messageOf(config);
  return exit(status_code, message === undefined ? undefined : { message });
}
