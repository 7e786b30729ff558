// Values by server name, where a stored name may have a wildcard at its start or end that stands for any number of labels, as
// in routes. A look-up costs one step a label, however many names are stored.

export class ServerNameMap<V> {
  readonly #exact = new Map<string, Set<V>>();
  /** `.domain.test`, or the empty text for `*` alone. */
  readonly #suffixes = new Map<string, Set<V>>();
  /** `domain.` */
  readonly #prefixes = new Map<string, Set<V>>();

  add(name: string, value: V): void {
    const text = normal(name);
    if (text.startsWith('*')) put(this.#suffixes, text.slice(1), value);
    else if (text.endsWith('*')) put(this.#prefixes, text.slice(0, -1), value);
    else put(this.#exact, text, value);
  }

  /** Of all stored names that fit. */
  find(serverName: string): V[] {
    const name = normal(serverName);
    const found = [...(this.#exact.get(name) ?? []), ...(this.#suffixes.get('') ?? [])];
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      found.push(...(this.#suffixes.get(name.slice(dot)) ?? []), ...(this.#prefixes.get(name.slice(0, dot + 1)) ?? []));
    }
    return found;
  }
}

function put<V>(map: Map<string, Set<V>>, text: string, value: V): void {
  const values = map.get(text);
  if (values === undefined) map.set(text, new Set([value]));
  else values.add(value);
}

function normal(name: string): string {
  const text = name.endsWith('.') ? name.slice(0, -1) : name;
  return text.toLowerCase();
}
