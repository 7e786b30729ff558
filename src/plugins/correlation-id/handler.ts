// correlation-id at work: keeps the id that came with the request, or makes one. The surprise: an answer may be echoed to
// although `access` never ran for it, because an earlier plugin answered; the id is found or made then.
import { type Environment, type Phases, type PluginConfig, slot } from '../../pdk/index.ts';
import { generatorOf } from './generators.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const name = config.header_name ?? 'Kong-Request-ID';
  const generate = generatorOf(config.generator, environment);
  const sent = slot<string>('correlation-id: the id to echo');
  const echoes = config.echo_downstream;

  const access: Phases['access'] = (exchange) => {
    const { request } = exchange;
    let id = request.header(name);
    if (id === undefined || id === '') {
      id = generate(request);
      exchange.upstream.setHeader(name, id);
    }
    exchange.setLogValue('correlation_id', id);
    if (echoes) exchange.shared.set(sent, id);
  };
  if (!echoes) return { access };
  return {
    access,
    header_filter({ request, response, shared }) {
      response.setHeader(name, shared.get(sent) ?? (request.header(name) || generate(request)));
    },
  };
}
