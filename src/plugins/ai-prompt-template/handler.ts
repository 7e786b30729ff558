// ai-prompt-template at work: the request names a template and its values; what it renders to is the new body.
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { AccessExchange, Answer, Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { aiError, NOT_JSON, parseJsonObject, setJsonRequest } from '../shared/ai/request.ts';
import type { schema } from './schema.ts';
import { renderTemplate } from './template.ts';

type Config = PluginConfig<typeof schema>;

const REFERENCE = /^\{template:\/\/([^{}]{1,500})\}$/;

export function create(config: Config, _environment: Environment): Phases {
  const templates = new Map(config.templates.map(({ name, template }) => [name, template]));
  const limit = config.max_request_body_size ?? 8192;
  const both = aiError(400, "cannot run 'messages' and 'prompt' templates at the same time");
  const neither = aiError(400, "only 'llm/v1/chat' and 'llm/v1/completions' formats are supported for templating");
  const untemplated = aiError(400, 'this LLM route only supports templated requests');

  function renderRequest(exchange: AccessExchange, request: JsonObject): Answer | undefined {
    const { messages = null, prompt = null } = request;
    if (messages !== null && prompt !== null) return both;
    const reference = messages ?? prompt;
    if (reference === null) return neither;
    const name = typeof reference === 'string' ? REFERENCE.exec(reference)?.[1] : undefined;
    if (name === undefined) return config.allow_untemplated_requests ? undefined : untemplated;
    const template = templates.get(name);
    if (template === undefined) return aiError(400, `could not find template name [${name}]`);
    const properties = request['properties'] ?? {};
    if (!isObject(properties)) return aiError(400, 'properties must be an object');
    const rendered = renderTemplate(template, properties);
    if (!rendered.ok) return aiError(400, rendered.reason);
    setJsonRequest(exchange, rendered.text);
    return undefined;
  }

  return {
    async access(exchange) {
      const bytes = await exchange.request.body(limit);
      const text = bytes?.toString('utf8');
      const request = parseJsonObject(text);
      if (request === undefined) return NOT_JSON;
      if (config.log_original_request) exchange.setLogValue('ai.payload.original_request', text);
      return renderRequest(exchange, request);
    },
  };
}
