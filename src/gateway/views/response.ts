// The answer as plugins see it. Before there is one, changes to its headers are noted; they apply to whatever answer comes,
// from the upstream, a plugin or the gateway.
import type { HeaderValue, HeaderValues, ResponseView } from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';
import { HeaderList } from '../http1/headers.ts';
import { headerBytes, isList } from './header-value.ts';
import { headerRecord } from './request.ts';

type Operation = 'set' | 'add' | 'remove';

const NO_BODY: Buffer = Buffer.alloc(0);

export class ResponseSide implements ResponseView {
  readonly #context: RequestContext;
  #list: HeaderList | undefined = undefined;
  /** Operation, name and value in turn; both have been checked. */
  #edits: string[] | undefined = undefined;
  /** The whole body, when some plugin asked for it: only `response` handlers see it. */
  body: Buffer = NO_BODY;

  /** @param headers of the answer, when there is one already. */
  constructor(context: RequestContext, headers: HeaderList | undefined) {
    this.#context = context;
    this.#list = headers;
  }

  /** From now on changes go to the lines of this answer; earlier ones are applied. */
  bind(headers: HeaderList): void {
    if (this.#list === headers) return;
    this.#list = headers;
    const edits = this.#edits;
    if (edits === undefined) return;
    for (let i = 0; i < edits.length; i += 3) {
      const name = edits[i + 1]!;
      if (edits[i] === 'set') headers.put(name, edits[i + 2]!);
      else if (edits[i] === 'add') headers.append(name, edits[i + 2]!);
      else headers.remove(name);
    }
  }

  get source(): ResponseView['source'] {
    return this.#context.source;
  }
  get status(): number {
    return this.#context.status;
  }
  set status(status: number) {
    this.#context.status = status;
  }
  get trailers(): HeaderValues | undefined {
    const { trailers } = this.#context;
    return trailers === undefined ? undefined : headerRecord(trailers);
  }
  keepsBody(): void {
    this.#context.keptBodies += 1;
  }
  replaceBody(body: string | Uint8Array): void {
    this.#context.replacedBody = body;
  }
  header(name: string): string | undefined {
    return this.#list?.get(name);
  }
  headerValues(name: string): string[] {
    return this.#list?.getAll(name) ?? [];
  }
  headers(max?: number): HeaderValues {
    return headerRecord(this.#list ?? new HeaderList(), max);
  }
  setHeader(name: string, value: HeaderValue | readonly HeaderValue[]): void {
    if (!isList(value)) {
      this.#edit('set', name, value);
      return;
    }
    this.#edit('remove', name, '');
    for (const item of value) this.#edit('add', name, item);
  }
  addHeader(name: string, value: HeaderValue): void {
    this.#edit('add', name, value);
  }
  removeHeader(name: string): void {
    this.#edit('remove', name, '');
  }

  #edit(op: Operation, name: string, value: HeaderValue): void {
    this.#context.core.knownNames.check(name);
    const bytes = headerBytes(name, value);
    if (this.#list === undefined) (this.#edits ??= []).push(op, name, bytes);
    else if (op === 'set') this.#list.put(name, bytes);
    else if (op === 'add') this.#list.append(name, bytes);
    else this.#list.remove(name);
  }
}
