// Tells a provider's stream on as server-sent events in the form of OpenAI, and counts on the way.
import type { Json } from '../../lib/json.ts';
import { type Ask, contentText, type Driver, object, objects, text, type Usage } from '../shared/ai/driver.ts';
import type { StreamReader } from '../shared/ai/stream-reader.ts';

const CHARACTERS_PER_TOKEN = 4;
const PROMPT_FACTOR = 1.8;
const NO_STREAM = 'data: {"error":{"message":"the provider did not answer with a stream"}}\n\n';

export class StreamTeller {
  readonly #reader: StreamReader;
  readonly #driver: Driver;
  readonly #ask: Ask;
  readonly #memory = new Map<string, Json>();
  #usage: Partial<Usage> = {};
  #characters = 0;
  #isStream = false;
  #isDone = false;

  constructor(reader: StreamReader, driver: Driver, ask: Ask) {
    this.#reader = reader;
    this.#driver = driver;
    this.#ask = ask;
  }

  push(chunk: Uint8Array, last: boolean): Buffer {
    let told = '';
    for (const event of this.#reader.push(chunk, last)) {
      this.#isStream = true;
      if (event === 'done') told += this.#end();
      else {
        const { chunks = [], usage, isDone } = this.#driver.tell?.(event, this.#ask, this.#memory) ?? {};
        for (const one of chunks) {
          const choice = objects(one['choices'])[0] ?? {};
          this.#characters += (text(object(choice['delta'])['content']) || text(choice['text'])).length;
          told += `data: ${JSON.stringify(one)}\n\n`;
        }
        if (usage !== undefined) this.#usage = { ...this.#usage, ...usage };
        if (isDone === true) told += this.#end();
      }
    }
    if (last && !this.#isStream) told += NO_STREAM;
    if (last) told += this.#end();
    return Buffer.from(told);
  }

  /** Estimated where the provider does not count. */
  usage(): Usage {
    const { request } = this.#ask;
    const asked =
      objects(request['messages'])
        .map(({ content }) => contentText(content))
        .join(' ') + text(request['prompt']);
    return {
      prompt: this.#usage.prompt ?? Math.ceil(asked.split(/\s+/).filter((word) => word !== '').length * PROMPT_FACTOR),
      completion: this.#usage.completion ?? Math.ceil(this.#characters / CHARACTERS_PER_TOKEN),
    };
  }

  #end(): string {
    if (this.#isDone) return '';
    this.#isDone = true;
    return 'data: [DONE]\n\n';
  }
}
