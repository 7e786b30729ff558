// Which peer a connection goes to, and the next one when that fails: the balancer of an upstream, or the addresses of a
// host name. Of what requests can be hashed by, a connection has the address of its client.
import { isPromise } from '../../lib/promise.ts';
import { plainPeer } from '../balancer/address.ts';
import type { Outcome, Peer, UpstreamBalancer } from '../balancer/balancer.ts';
import { type HashSource, hashRequest } from '../balancer/hash-on.ts';
import type { NameAnswer } from '../dns/answer.ts';
import type { StreamContext } from './context.ts';
import type { StreamTarget } from './table.ts';

export class StreamPeers {
  readonly balancer: UpstreamBalancer | undefined;
  readonly #context: StreamContext;
  readonly #target: StreamTarget;
  readonly #tried: Peer[] = [];
  readonly #hash: number;
  #start: number | undefined = undefined;

  constructor(context: StreamContext, target: StreamTarget) {
    this.#context = context;
    this.#target = target;
    this.balancer = target.isAddress ? undefined : context.table.snapshot.balancer(target.host);
    const isHashed = this.balancer !== undefined && this.balancer.config.hash_on !== 'none';
    this.#hash = isHashed ? hashRequest(this.balancer!.config, clientAddress(context)).hash : 0;
  }

  /** undefined when there is nobody to go to. */
  async next(): Promise<Peer | undefined> {
    const { balancer } = this;
    if (balancer !== undefined) {
      let peer = balancer.pick(this.#tried, this.#hash);
      if (peer === undefined && balancer.pending !== undefined) {
        await balancer.pending;
        peer = balancer.pick(this.#tried, this.#hash);
      }
      if (peer !== undefined) this.#tried.push(peer);
      return peer;
    }
    const { host, isAddress } = this.#target;
    if (isAddress) return this.#peerAt(host, undefined);
    const pending = this.#context.core.resolve(host);
    const answer = isPromise<NameAnswer>(pending) ? await pending.catch(() => undefined) : (pending as NameAnswer);
    if (answer === undefined || answer.endpoints.length === 0) return undefined;
    this.#start ??= answer.start();
    const { address, port } = answer.endpoints[(this.#start + this.#tried.length) % answer.endpoints.length]!;
    return this.#peerAt(address, port);
  }

  report(peer: Peer, outcome: Outcome): void {
    this.balancer?.report(peer, outcome);
  }

  /** Once for every peer, when the connection to it is over. */
  release(peer: Peer): void {
    this.balancer?.release(peer);
  }

  #peerAt(address: string, port: number | undefined): Peer {
    const { host: hostname } = this.#target;
    const peer = plainPeer(address, port ?? this.#target.port, hostname);
    this.#tried.push(peer);
    return peer;
  }
}

const clientAddress = ({ client }: StreamContext): HashSource => ({
  consumer: () => undefined,
  ip: () => client.ip,
  headers: () => [],
  cookie: () => undefined,
  path: () => '',
  query: () => [],
  capture: () => undefined,
});
