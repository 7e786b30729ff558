// Where the traditional search begins. It guesses the category of a request from what some route or other could match of it,
// and when there is such a category, all that stand before it are left out. That changes results in one case only: routes
// with server names, which count as matched in clear text although the guess does not see them there; and when it sees
// nothing at all, there is no search.
import { compilePattern, literalPrefix } from '../../lib/regex.ts';
import { categoryOf, HEADER, HOST, METHOD, PATH, SNI } from './category.ts';
import type { FirstRank } from './flavor.ts';
import { HostIndex, parseHostRule } from './host-index.ts';
import type { Part } from './part.ts';
import type { RequestFields } from './request-fields.ts';
import type { RouterRoute } from './router.ts';

export function firstRankOfCategories(
  parts: readonly Part<RouterRoute>[],
  ranks: readonly number[],
): FirstRank | undefined {
  const starts = new Map<number, number>();
  let hasSnis = false;
  for (const [i, part] of parts.entries()) {
    const category = categoryOf(part.route);
    hasSnis ||= (category & SNI) !== 0;
    if (!starts.has(category)) starts.set(category, ranks[i]!);
  }
  if (!hasSnis) return undefined;
  const seen = new Sightings(parts);
  return (fields) => {
    if (fields.input.scheme === 'https') return 0;
    const category = seen.categoryOf(fields);
    return category === 0 ? Number.POSITIVE_INFINITY : (starts.get(category) ?? 0);
  };
}

/** What some route or other could match by, each field for itself. */
class Sightings {
  readonly #hosts = new Set<string>();
  /** By port, 0 for any. */
  readonly #wildcards = new Map<number, HostIndex<never>>();
  readonly #headers = new Map<string, string>();
  readonly #methods = new Set<string>();
  /** Beginnings of paths, with the expressions that begin so; none when the beginning is all. */
  readonly #paths = new Map<string, RegExp[] | undefined>();
  readonly #pathLengths: readonly number[];

  constructor(parts: readonly Part<RouterRoute>[]) {
    for (const part of parts) {
      const { hosts, headers, methods } = part.route;
      for (const host of hosts ?? []) {
        const rule = parseHostRule(host);
        if (rule.kind === 'exact') this.#hosts.add(`${rule.text}:${rule.port}`);
        else this.#wildcardsAt(rule.port).treeFor(rule);
      }
      for (const name of Object.keys(headers ?? {})) {
        const lower = name.toLowerCase();
        this.#headers.set(lower.replaceAll('-', '_'), lower.replaceAll('_', '-'));
      }
      for (const method of methods ?? []) this.#methods.add(method.toUpperCase());
      for (const path of part.paths) this.#addPath(path, part.isRegex);
    }
    this.#pathLengths = [...new Set([...this.#paths.keys()].map(({ length }) => length))];
  }

  categoryOf(fields: RequestFields): number {
    return (
      (this.#seesHost(fields) ? HOST : 0) |
      (this.#seesHeader(fields) ? HEADER : 0) |
      (this.#seesPath(fields.input.path) ? PATH : 0) |
      (this.#methods.has(fields.input.method) ? METHOD : 0)
    );
  }

  #addPath(path: string, isRegex: boolean): void {
    if (!isRegex) {
      this.#paths.set(path, undefined);
      return;
    }
    const compiled = compilePattern(path, { lookaround: true, anchored: true });
    const prefix = literalPrefix(path);
    if (!compiled.ok || (this.#paths.has(prefix) && this.#paths.get(prefix) === undefined)) return;
    const known = this.#paths.get(prefix);
    if (known === undefined) this.#paths.set(prefix, [compiled.regex]);
    else known.push(compiled.regex);
  }

  #seesHost({ host, port }: RequestFields): boolean {
    if (host === '') return false;
    if (this.#hosts.has(`${host}:0`) || this.#hosts.has(`${host}:${port}`)) return true;
    let isSeen = false;
    for (const at of [0, port]) {
      this.#wildcards.get(at)?.eachWildcard(host, () => {
        isSeen = true;
      });
    }
    return isSeen;
  }

  #wildcardsAt(port: number): HostIndex<never> {
    const known = this.#wildcards.get(port);
    if (known !== undefined) return known;
    const added = new HostIndex<never>();
    this.#wildcards.set(port, added);
    return added;
  }

  #seesHeader(fields: RequestFields): boolean {
    for (const [underscored, dashed] of this.#headers) {
      if (fields.headerValues(underscored, dashed).length > 0) return true;
    }
    return false;
  }

  #seesPath(path: string): boolean {
    for (const length of this.#pathLengths) {
      if (length > path.length) continue;
      const prefix = path.slice(0, length);
      if (!this.#paths.has(prefix)) continue;
      const regexes = this.#paths.get(prefix);
      if (regexes === undefined || regexes.some((regex) => regex.test(path))) return true;
    }
    return false;
  }
}
