// What a name stands for: addresses, with ports and weights where SRV records give them. One answer serves many requests,
// which take turns among its addresses.

export interface Endpoint {
  readonly address: string;
  /** Of an SRV record; undefined leaves it to whoever asked. */
  readonly port: number | undefined;
  readonly weight: number | undefined;
  /** The host that the SRV record points to. */
  readonly name: string | undefined;
}

export type AnswerKind = 'A' | 'AAAA' | 'SRV';

export const plainEndpoint = (address: string): Endpoint => ({
  address,
  port: undefined,
  weight: undefined,
  name: undefined,
});

export class NameAnswer {
  readonly endpoints: readonly Endpoint[];
  /** Each once. */
  readonly addresses: readonly string[];
  readonly kind: AnswerKind;
  readonly #totalWeight: number;
  #turn = 0;

  constructor(endpoints: readonly Endpoint[], kind: AnswerKind) {
    this.endpoints = endpoints;
    this.addresses = [...new Set(endpoints.map(({ address }) => address))];
    this.kind = kind;
    this.#totalWeight = endpoints.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  }

  /** Where the next request begins: one after the other from the first, or by weight where there are weights. */
  start(): number {
    const { length } = this.endpoints;
    if (length < 2) return 0;
    if (this.#totalWeight > 0) return this.#byWeight();
    const turn = this.#turn < length ? this.#turn : 0;
    this.#turn = turn + 1;
    return turn;
  }

  #byWeight(): number {
    let left = Math.random() * this.#totalWeight;
    for (let i = 0; i < this.endpoints.length; i++) {
      left -= this.endpoints[i]!.weight ?? 0;
      if (left < 0) return i;
    }
    return 0;
  }
}
