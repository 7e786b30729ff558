// ai-prompt-guard at work: a prompt passes when no deny pattern and, if there are any, an allow pattern matches. The caller
// never learns which one decided.
import type { JsonObject } from '../../lib/json.ts';
import { compilePattern } from '../../lib/regex.ts';
import type { Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { aiError, NOT_JSON, readJsonRequest } from '../shared/ai/request.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, { log }: Environment): Phases {
  const deny = (config.deny_patterns ?? []).map(compile);
  const allow = (config.allow_patterns ?? []).map(compile);
  const limit = config.max_request_body_size ?? 8192;
  const refused = aiError(400, 'bad request');
  return {
    async access(exchange) {
      const request = await readJsonRequest(exchange, limit, config.llm_format ?? 'openai');
      if (request === undefined) return NOT_JSON;
      const text = textOf(request, config);
      const reason =
        text === undefined
          ? 'there is no text to judge'
          : deny.some((pattern) => pattern.test(text))
            ? 'a deny pattern matches'
            : allow.length > 0 && !allow.some((pattern) => pattern.test(text))
              ? 'no allow pattern matches'
              : undefined;
      if (reason === undefined) return undefined;
      log.info(`a prompt was refused: ${reason}`, { request_id: exchange.request.id });
      return refused;
    },
  };
}

function compile(pattern: string): RegExp {
  const compiled = compilePattern(pattern, { longTexts: true });
  if (!compiled.ok) throw new Error(`the pattern ${pattern} cannot be used: ${compiled.reason}`);
  return compiled.regex;
}

/** Newest first, each followed by a blank; undefined for anything but plain text. */
function textOf({ messages = null, prompt = null }: JsonObject, config: Config): string | undefined {
  if (messages === null) return typeof prompt === 'string' ? prompt : undefined;
  if (!Array.isArray(messages) || prompt !== null) return undefined;
  const texts: string[] = [];
  for (const message of messages) {
    const { role, content } = (message ?? {}) as JsonObject;
    if (typeof role !== 'string' || typeof content !== 'string') return undefined;
    if (role === 'user' || config.match_all_roles) texts.unshift(content);
  }
  if (config.allow_all_conversation_history) return texts[0] ?? undefined;
  return texts.length === 0 ? undefined : texts.map((text) => `${text} `).join('');
}
