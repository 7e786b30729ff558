// Extensions of certificates, of revocation lists and of answers about certificates: all have the same form.
import { BOOLEAN, dotted, type Element, elements, inside } from './der.ts';

export interface Extensions {
  /** By object id. */
  readonly values: ReadonlyMap<string, Buffer>;
  /** Object ids of those that must be understood. */
  readonly critical: readonly string[];
}

/** @param wrapped The element around the list; undefined where there is none. */
export function readExtensions(wrapped: Element | undefined): Extensions {
  const values = new Map<string, Buffer>();
  const critical: string[] = [];
  for (const extension of wrapped === undefined ? [] : inside(wrapped.content)) {
    const parts = elements(extension.content);
    const id = dotted(parts[0]!.content);
    if (parts[1]?.tag === BOOLEAN && parts[1].content[0] !== 0) critical.push(id);
    values.set(id, parts.at(-1)!.content);
  }
  return { values, critical };
}
