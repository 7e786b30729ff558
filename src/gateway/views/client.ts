// Who is asking: the address behind trusted proxies, and the consumer once a plugin knows him.
import type { JsonObject } from '../../lib/json.ts';
import type { ClientView } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { RequestContext } from '../context.ts';
import { setIdentity } from './identity.ts';

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
    const { core, exchange } = context;
    setIdentity(exchange.headers, core, consumer, identifier, credential === undefined);
  }
}
