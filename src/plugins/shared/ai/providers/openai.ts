// OpenAI, and who speaks its language: Azure, Mistral, and models of one's own.
import { isObject, type JsonObject } from '../../../../lib/json.ts';
import { type Ask, type Driver, defined, number, object, tuningOf, Unsuitable } from '../driver.ts';

const PATHS = { chat: '/v1/chat/completions', completions: '/v1/completions' } as const;

const base = {
  framing: 'sse',
  hidesCookies: true,
  encode: (ask: Ask): JsonObject => {
    const { stop: _, top_k: __, ...tuning } = tuningOf(ask);
    const { top_k: ___, ...request } = ask.request;
    return { ...request, ...defined(tuning), model: ask.name, stream: ask.streams };
  },
  decode: (answer: Parameters<Driver['decode']>[0], { operation }: Ask): JsonObject => {
    if (isObject(answer as never) && Array.isArray((answer as JsonObject)['choices'])) return answer as JsonObject;
    throw new Unsuitable(`'choices' not in llm/v1/${operation} response`);
  },
  tell: (event: JsonObject) => {
    const usage = object(event['usage']);
    const isCounted = Object.keys(usage).length > 0;
    return {
      chunks: [event],
      usage: isCounted
        ? { prompt: number(usage['prompt_tokens']), completion: number(usage['completion_tokens']) }
        : undefined,
    };
  },
} as const satisfies Partial<Driver>;

export const openai: Driver = { ...base, url: ({ operation }) => `https://api.openai.com${PATHS[operation]}` };

export const azure: Driver = {
  ...base,
  url: ({ operation, options }) => {
    const deployment = encodeURIComponent(options.azure_deployment_id ?? '');
    const path = operation === 'chat' ? 'chat/completions' : 'completions';
    const version = encodeURIComponent(options.azure_api_version ?? '2023-05-15');
    return `https://${options.azure_instance}.openai.azure.com/openai/deployments/${deployment}/${path}?api-version=${version}`;
  },
};

export const mistral: Driver = { ...base, url: ({ operation }) => `https://api.mistral.ai${PATHS[operation]}` };

export const ownOpenai: Driver = {
  ...base,
  hidesCookies: false,
  url: ({ operation }) => `http://localhost${PATHS[operation]}`,
};
