// Reads .proto files (proto3, and what is the same in proto2): messages, enumerations, services, and of options those in
// braces that bind methods to HTTP. What only generators of code need is passed over.
import { type Token, tokensOf } from './proto-tokens.ts';

export interface ProtoField {
  readonly name: string;
  /** As written; resolved later. */
  readonly type: string;
  readonly number: number;
  readonly isRepeated: boolean;
  readonly mapKey: string | undefined;
  /** Presence counts: `optional`, or one of several. */
  readonly isOptional: boolean;
  readonly jsonName: string | undefined;
}
export interface ProtoMessage {
  readonly kind: 'message';
  /** With the names around it. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
}
export interface ProtoEnum {
  readonly kind: 'enum';
  readonly name: string;
  readonly values: ReadonlyMap<string, number>;
}
export type OptionValue = string | { readonly [name: string]: OptionValue } | readonly OptionValue[];
export interface ProtoMethod {
  readonly service: string;
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly isStreaming: boolean;
  /** Of `option (google.api.http)`. */
  readonly http: readonly Readonly<Record<string, OptionValue>>[];
}
export interface ProtoFile {
  readonly package: string;
  readonly imports: readonly string[];
  readonly types: readonly (ProtoMessage | ProtoEnum)[];
  readonly methods: readonly ProtoMethod[];
}

export function parseProto(source: string): ProtoFile {
  return new Parser(tokensOf(source)).file();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #package = '';
  readonly #imports: string[] = [];
  readonly #types: (ProtoMessage | ProtoEnum)[] = [];
  readonly #methods: ProtoMethod[] = [];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  file(): ProtoFile {
    while (this.#at < this.#tokens.length) this.#statement();
    return { package: this.#package, imports: this.#imports, types: this.#types, methods: this.#methods };
  }

  #statement(): void {
    if (this.#take(';')) return;
    const word = this.#word();
    if (word === 'package') this.#package = this.#name();
    else if (word === 'import') {
      if (this.#peek() === 'public' || this.#peek() === 'weak') this.#word();
      this.#imports.push(this.#next().text);
    } else if (word === 'message') return this.#message(this.#package);
    else if (word === 'enum') return this.#enum(this.#package);
    else if (word === 'service') return this.#service();
    else if (word === 'extend') return this.#skipBlock();
    else if (word !== 'syntax' && word !== 'edition' && word !== 'option') this.#fail(`"${word}" is not expected`);
    this.#skipStatement();
  }

  #message(scope: string): void {
    const name = joined(scope, this.#word());
    const fields: ProtoField[] = [];
    this.#expect('{');
    while (!this.#take('}')) this.#member(name, fields, false);
    this.#types.push({ kind: 'message', name, fields });
  }

  #member(scope: string, fields: ProtoField[], isOneof: boolean): void {
    if (this.#take(';')) return;
    const start = this.#at;
    const word = this.#take('.') ? '.' : this.#word();
    const next = this.#peek();
    const isPlainWord = next !== undefined && /^[A-Za-z_]/.test(next);
    if (word === 'message' && isPlainWord && this.#peek(1) === '{') return this.#message(scope);
    if (word === 'enum' && isPlainWord && this.#peek(1) === '{') return this.#enum(scope);
    if (word === 'extend') return this.#skipBlock();
    if (word === 'oneof' && this.#peek(1) === '{') {
      this.#word();
      this.#expect('{');
      while (!this.#take('}')) this.#member(scope, fields, true);
      return;
    }
    if (['option', 'reserved', 'extensions'].includes(word) && this.#peek() !== '=') return this.#skipStatement();
    this.#at = start;
    fields.push(this.#field(isOneof));
  }

  #field(isOneof: boolean): ProtoField {
    const label = ['repeated', 'optional', 'required'].find((word) => this.#peek() === word && this.#peek(1) !== '=');
    if (label !== undefined) this.#at += 1;
    let type: string;
    let mapKey: string | undefined;
    if (this.#peek() === 'map' && this.#peek(1) === '<') {
      this.#at += 2;
      mapKey = this.#word();
      this.#expect(',');
      type = this.#name();
      this.#expect('>');
    } else type = this.#name();
    const name = this.#word();
    this.#expect('=');
    const number = Number(this.#next().text);
    let jsonName: string | undefined;
    if (this.#take('[')) {
      while (!this.#take(']')) {
        const token = this.#next();
        if (token.text === 'json_name' && this.#take('=')) jsonName = this.#next().text;
      }
    }
    this.#expect(';');
    if (!Number.isInteger(number) || number < 1) this.#fail(`field ${name} has no number`);
    return {
      name,
      type,
      number,
      isRepeated: label === 'repeated',
      mapKey,
      isOptional: isOneof || label === 'optional',
      jsonName,
    };
  }

  #enum(scope: string): void {
    const name = joined(scope, this.#word());
    const values = new Map<string, number>();
    this.#expect('{');
    while (!this.#take('}')) {
      if (this.#take(';')) continue;
      const word = this.#word();
      if ((word === 'option' || word === 'reserved') && this.#peek() !== '=') {
        this.#skipStatement();
        continue;
      }
      this.#expect('=');
      const sign = this.#take('-') ? -1 : 1;
      values.set(word, sign * Number(this.#next().text));
      this.#skipStatement();
    }
    this.#types.push({ kind: 'enum', name, values });
  }

  #service(): void {
    const service = joined(this.#package, this.#word());
    this.#expect('{');
    while (!this.#take('}')) {
      if (this.#take(';')) continue;
      const word = this.#word();
      if (word === 'rpc') this.#method(service);
      else this.#skipStatement();
    }
  }

  #method(service: string): void {
    const name = this.#word();
    const [input, streamsIn] = this.#methodType();
    if (this.#word() !== 'returns') this.#fail('"returns" is missing');
    const [output, streamsOut] = this.#methodType();
    const http: Readonly<Record<string, OptionValue>>[] = [];
    if (this.#take('{')) {
      while (!this.#take('}')) {
        if (this.#take(';')) continue;
        if (this.#word() !== 'option') this.#fail('"option" is missing');
        this.#methodOption(http);
      }
    } else this.#expect(';');
    this.#methods.push({ service, name, input, output, isStreaming: streamsIn || streamsOut, http });
  }

  #methodType(): [name: string, streams: boolean] {
    this.#expect('(');
    const streams = this.#peek() === 'stream' && this.#peek(1) !== ')' && this.#peek(1) !== '.';
    if (streams) this.#word();
    const name = this.#name();
    this.#expect(')');
    return [name, streams];
  }

  #methodOption(http: Readonly<Record<string, OptionValue>>[]): void {
    if (!this.#take('(')) return this.#skipStatement();
    const name = this.#name();
    this.#expect(')');
    if (name.replace(/^\./, '') !== 'google.api.http' || !this.#take('=')) return this.#skipStatement();
    const value = this.#optionValue();
    if (typeof value === 'object' && !Array.isArray(value)) {
      const rule = value as Readonly<Record<string, OptionValue>>;
      const more = rule['additional_bindings'];
      http.push(rule);
      for (const one of Array.isArray(more) ? (more as OptionValue[]) : more === undefined ? [] : [more]) {
        if (typeof one === 'object') http.push(one as Readonly<Record<string, OptionValue>>);
      }
    }
    this.#take(';');
  }

  /** `{ name: value name { … } name: [ … ] }`; a repeated name makes a list. */
  #optionValue(): OptionValue {
    if (this.#take('[')) {
      const list: OptionValue[] = [];
      while (!this.#take(']')) {
        list.push(this.#optionValue());
        this.#take(',');
      }
      return list;
    }
    if (!this.#take('{')) {
      let text = this.#next().text;
      while (this.#tokens[this.#at]?.kind === 'text') text += this.#next().text;
      return text;
    }
    const object: Record<string, OptionValue> = Object.create(null) as Record<string, OptionValue>;
    while (!this.#take('}')) {
      const name = this.#word();
      this.#take(':');
      const value = this.#optionValue();
      const known = object[name];
      object[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value].flat();
      if (!this.#take(',')) this.#take(';');
    }
    return object;
  }

  /** To the end of a statement, with all blocks in it. */
  #skipStatement(): void {
    let depth = 0;
    while (this.#at < this.#tokens.length) {
      const { text, kind } = this.#next();
      if (kind === 'text') continue;
      if ('{[('.includes(text)) depth += 1;
      else if ('}])'.includes(text)) depth -= 1;
      else if (text === ';' && depth === 0) return;
    }
  }

  #skipBlock(): void {
    let depth = 0;
    while (this.#at < this.#tokens.length) {
      const { text, kind } = this.#next();
      if (kind === 'text') continue;
      if (text === '{') depth += 1;
      else if (text === '}' && --depth === 0) return;
    }
  }

  /** With dots. */
  #name(): string {
    let name = this.#take('.') ? '.' : '';
    name += this.#word();
    while (this.#take('.')) name += `.${this.#word()}`;
    return name;
  }

  #word(): string {
    const token = this.#next();
    if (token.kind !== 'word') this.#fail(`a name is missing before "${token.text}"`);
    return token.text;
  }

  #peek(ahead = 0): string | undefined {
    return this.#tokens[this.#at + ahead]?.text;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) this.#fail(`"${sign}" is missing`);
  }

  #next(): Token {
    const token = this.#tokens[this.#at++];
    return token ?? this.#fail('the file ends too early');
  }

  #fail(message: string): never {
    throw new Error(`line ${this.#tokens[Math.min(this.#at, this.#tokens.length) - 1]?.line ?? 1}: ${message}`);
  }
}

const joined = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);
