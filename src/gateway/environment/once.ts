// Things that plugin instances share across the whole node: made by the first who asks, closed with the gateway.

interface Closable {
  close?(): void | Promise<void>;
}

export class SharedThings {
  readonly #things = new Map<string, object>();

  once<T extends object>(name: string, make: () => T): T {
    let thing = this.#things.get(name);
    if (thing === undefined) {
      thing = make();
      this.#things.set(name, thing);
    }
    return thing as T;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#things.values()].map((thing) => (thing as Closable).close?.()));
    this.#things.clear();
  }
}
