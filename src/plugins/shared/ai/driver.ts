// What a provider of language models needs: where it is, how a request in the form of OpenAI is told to it, and how its
// answers are told back. Drivers are pure: data in, data out.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { InferFields } from '../../../schema/define.ts';
import type { modelFields } from '../ai-model.ts';

export type ModelSettings = InferFields<typeof modelFields>;
export type Model = ModelSettings['model'];
export type Options = NonNullable<Model['options']>;
export type Operation = 'chat' | 'completions';

/** A request that is under way. */
export interface Ask {
  readonly operation: Operation;
  readonly request: JsonObject;
  /** Name of the model. */
  readonly name: string;
  readonly options: Partial<Options>;
  readonly streams: boolean;
}

export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** Of a stream: what to tell on, and whether it is over. */
export interface Told {
  readonly chunks?: readonly JsonObject[];
  readonly usage?: Partial<Usage> | undefined;
  readonly isDone?: boolean;
}

export interface Driver {
  /** Scheme, host and path, and arguments if there are any. */
  url(ask: Ask): string;
  headers?(ask: Ask): Readonly<Record<string, string>>;
  /** Throws `Unsuitable` for what the provider cannot be asked. */
  encode(ask: Ask): JsonObject;
  /** Throws `Unsuitable` for what is no answer. */
  decode(answer: JsonObject | readonly Json[], ask: Ask): JsonObject;
  readonly framing: 'sse' | 'lines' | 'aws' | 'none';
  /** Called with each event of a stream; keeps what it must know in `memory`. */
  tell?(event: JsonObject, ask: Ask, memory: Map<string, Json>): Told;
  readonly hidesCookies: boolean;
}

export class Unsuitable extends Error {}

export const now = (): number => Math.floor(Date.now() / 1000);

/** Without members that are null or undefined. */
export const defined = (values: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined && entry[1] !== null),
  );

export const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
export const object = (value: Json | readonly Json[] | undefined): JsonObject =>
  isObject((value as Json | undefined) ?? null) ? (value as JsonObject) : {};
export const number = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);
export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** The texts of a message's content, which may be in parts. */
export const contentText = (content: Json | undefined): string =>
  typeof content === 'string'
    ? content
    : objects(content)
        .map((part) => text(part['text']))
        .filter((part) => part !== '')
        .join('\n');

export interface Tuning {
  readonly max_tokens: Json | undefined;
  readonly temperature: Json | undefined;
  readonly top_p: Json | undefined;
  readonly top_k: Json | undefined;
  readonly stop: Json | undefined;
}

/** The operator's values win. */
export const tuningOf = ({ options, request }: Ask): Tuning => ({
  max_tokens: options.max_tokens ?? request['max_tokens'],
  temperature: options.temperature ?? request['temperature'],
  top_p: options.top_p ?? request['top_p'],
  top_k: options.top_k ?? request['top_k'],
  stop: request['stop'],
});

/** The messages apart from those of the system. */
export function conversationIn(ask: Ask): { readonly system: readonly JsonObject[]; readonly messages: JsonObject[] } {
  const all = messagesIn(ask);
  return {
    system: all.filter(({ role }) => role === 'system'),
    messages: all.filter(({ role }) => role !== 'system'),
  };
}

/** One text or several, as several. */
export const stopsOf = ({ stop }: Tuning): Json | undefined => (typeof stop === 'string' ? [stop] : stop);

export const messagesIn = ({ request }: Ask): JsonObject[] => objects(request['messages']);

interface Reply {
  readonly content: string | null;
  readonly finish: Json | undefined;
  readonly calls?: readonly JsonObject[];
  readonly usage?: Usage | undefined;
  readonly id?: Json | undefined;
  readonly model?: Json | undefined;
}

const usageJson = ({ prompt, completion }: Usage): JsonObject => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

/** An answer in the form of OpenAI. */
export function reply(ask: Ask, { content, finish, calls = [], usage, id, model }: Reply): JsonObject {
  const isChat = ask.operation === 'chat';
  const message = { role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: [...calls] }) };
  return defined({
    id: id ?? undefined,
    object: isChat ? 'chat.completion' : 'text_completion',
    created: now(),
    model: model ?? ask.name,
    choices: [
      {
        index: 0,
        ...(isChat ? { message } : { text: content ?? '' }),
        finish_reason: finish ?? null,
      },
    ],
    usage: usage === undefined ? undefined : usageJson(usage),
  });
}

/** A piece of a streamed answer in the form of OpenAI. */
export function piece(ask: Ask, delta: JsonObject, finish: Json = null): JsonObject {
  const isChat = ask.operation === 'chat';
  return {
    object: isChat ? 'chat.completion.chunk' : 'text_completion',
    created: now(),
    model: ask.name,
    choices: [{ index: 0, ...(isChat ? { delta } : { text: text(delta['content']) }), finish_reason: finish }],
  };
}

export const functionCall = (id: Json, name: Json, input: Json): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input ?? {}) },
});

/** `arguments` is JSON in a text. */
export function argumentsOf(call: JsonObject): Json {
  try {
    return JSON.parse(text(object(call['function'])['arguments']) || '{}') as Json;
  } catch {
    throw new Unsuitable('the arguments of a tool call are not JSON');
  }
}
