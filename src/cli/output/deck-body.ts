// The body of an update as decK prints it: the whole entity, a marker in front of each line, keys of the old one in order,
// new keys last. Pipelines read these lines, so its notation is kept to the letter: texts are not escaped, 1000000 is written
// 1e+06, and the last key of the old entity has no comma.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { pairItems } from './pair-items.ts';

type Marker = ' ' | '+' | '-';

/** A list of lines, the first and last of which are the braces of the entity. */
export function deckBody(before: JsonObject, after: JsonObject): string[] {
  const printer = new Printer();
  printer.root(before, after);
  return printer.lines;
}

/** One object or list that is being written: how many members still want a comma after them. */
interface Scope {
  open: number;
  readonly isList: boolean;
}

class Printer {
  readonly lines: string[] = [];
  readonly #scopes: Scope[] = [];

  root(before: JsonObject, after: JsonObject): void {
    this.#line(' ', '{');
    this.#within({ open: Object.keys(before).length, isList: false }, () => this.#object(before, after));
    this.#line(' ', '}');
  }

  #object(before: JsonObject, after: JsonObject): void {
    for (const name of Object.keys(before).sort()) {
      const old = before[name]!;
      if (Object.hasOwn(after, name)) this.#change(name, old, after[name]!);
      else this.#value('-', name, old);
    }
    for (const name of Object.keys(after).sort()) {
      if (!Object.hasOwn(before, name)) this.#value('+', name, after[name]!);
    }
  }

  #list(before: readonly Json[], after: readonly Json[]): void {
    const { pairs, added } = pairItems(before, after);
    for (const [i, item] of before.entries()) {
      for (const at of added.filter((index) => index === i)) {
        this.#scope.open++;
        this.#value('+', '', after[at]!);
      }
      const partner = pairs.get(i);
      if (partner === undefined) this.#value('-', '', item);
      else this.#change('', item, after[partner]!);
    }
    for (const at of added) if (at >= before.length) this.#value('+', '', after[at]!);
  }

  #change(name: string, old: Json, now: Json): void {
    if (isEqual(old, now)) this.#value(' ', name, old);
    else if (isObject(old) && isObject(now)) {
      this.#block(' ', name, '{', '}', { open: Object.keys(old).length, isList: false }, () => this.#object(old, now));
    } else if (Array.isArray(old) && Array.isArray(now)) {
      this.#block(' ', name, '[', ']', { open: old.length, isList: true }, () => this.#list(old, now));
    } else {
      // Both lines stand for one member.
      const { open } = this.#scope;
      this.#value('-', name, old);
      this.#scope.open = open;
      this.#value('+', name, now);
    }
  }

  #value(marker: Marker, name: string, value: Json): void {
    if (isObject(value)) {
      this.#block(marker, name, '{', '}', { open: Object.keys(value).length, isList: false }, () => {
        for (const key of Object.keys(value).sort()) this.#value(marker, key, value[key]!);
      });
    } else if (Array.isArray(value)) {
      this.#block(marker, name, '[', ']', { open: value.length, isList: true }, () => {
        for (const item of value) this.#value(marker, '', item);
      });
    } else this.#line(marker, `${this.#key(name)}${scalarText(value)}${this.#comma()}`);
  }

  #block(marker: Marker, name: string, start: string, end: string, scope: Scope, write: () => void): void {
    this.#line(marker, `${this.#key(name)}${start}`);
    this.#within(scope, write);
    this.#line(marker, `${end}${this.#comma()}`);
  }

  #within(scope: Scope, write: () => void): void {
    this.#scopes.push(scope);
    write();
    this.#scopes.pop();
  }

  get #scope(): Scope {
    return this.#scopes.at(-1)!;
  }

  #key(name: string): string {
    return this.#scope.isList ? '' : `"${name}": `;
  }

  #comma(): string {
    this.#scope.open--;
    return this.#scope.open > 0 ? ',' : '';
  }

  #line(marker: Marker, text: string): void {
    this.lines.push(`${marker}${'  '.repeat(this.#scopes.length)}${text}`);
  }
}

const scalarText = (value: Json): string => {
  if (typeof value === 'string') return `"${value}"`;
  return typeof value === 'number' ? numberText(value) : String(value);
};

/** Shortest digits; with an exponent of at least two digits from a million upwards and below a ten-thousandth. */
function numberText(value: number): string {
  const [digits = '0', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
