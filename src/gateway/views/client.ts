// Who is asking: the address behind trusted proxies, and the consumer once a plugin knows him.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { ClientView } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { RequestContext } from '../context.ts';

export class ClientSide implements ClientView {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  get ip(): string {
    return this.#context.clientIp;
  }
  get port(): number {
    return this.#context.exchange.remotePort;
  }
  get peerIp(): string {
    return this.#context.exchange.remoteAddress;
  }
  get consumer(): Entity | undefined {
    return this.#context.consumer;
  }
  get credential(): JsonObject | undefined {
    return this.#context.credential;
  }

  authenticate(consumer: Entity | undefined, credential: JsonObject | undefined, identifier: string | undefined): void {
    const context = this.#context;
    if (context.isAnswering) throw new Error('client.authenticate: the request has gone upstream');
    context.consumer = consumer;
    context.credential = credential;
    const { headers } = context.exchange;
    const put = (name: string, value: unknown): void => {
      if (typeof value === 'string') headers.set(name, utf8ToBytes(value));
      else headers.remove(name);
    };
    put('X-Consumer-ID', consumer?.id);
    put('X-Consumer-Custom-ID', consumer?.['custom_id']);
    put('X-Consumer-Username', consumer?.['username']);
    put('X-Credential-Identifier', identifier);
    put('X-Anonymous-Consumer', credential === undefined ? 'true' : undefined);
  }
}
