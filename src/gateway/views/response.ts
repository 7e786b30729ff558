// The answer as plugins see it. Before there is one, changes to its headers are noted; they apply to whatever answer comes,
// from the upstream, a plugin or the gateway.
import type { HeaderValues, ResponseView } from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';
import { HeaderList } from '../http1/headers.ts';
import { headerRecord } from './request.ts';

type Edit = { readonly op: 'set' | 'add' | 'remove'; readonly name: string; readonly value: string };

const NO_BODY: Buffer = Buffer.alloc(0);

export class ResponseSide implements ResponseView {
  readonly #context: RequestContext;
  #list: HeaderList | undefined = undefined;
  #edits: Edit[] | undefined = undefined;
  /** The whole body, when some plugin asked for it: only `response` handlers see it. */
  body: Buffer = NO_BODY;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** From now on changes go to the lines of this answer; earlier ones are applied. */
  bind(headers: HeaderList): void {
    if (this.#list === headers) return;
    this.#list = headers;
    if (this.#edits === undefined) return;
    for (const { op, name, value } of this.#edits) {
      if (op === 'set') headers.set(name, value);
      else if (op === 'add') headers.add(name, value);
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
  headers(): HeaderValues {
    return headerRecord(this.#list ?? new HeaderList());
  }
  setHeader(name: string, value: string | readonly string[]): void {
    if (typeof value === 'string') {
      this.#edit('set', name, value);
      return;
    }
    this.#edit('remove', name, '');
    for (const item of value) this.#edit('add', name, item);
  }
  addHeader(name: string, value: string): void {
    this.#edit('add', name, value);
  }
  removeHeader(name: string): void {
    this.#edit('remove', name, '');
  }

  #edit(op: Edit['op'], name: string, value: string): void {
    if (this.#list === undefined) {
      (this.#edits ??= []).push({ op, name, value });
      return;
    }
    if (op === 'set') this.#list.set(name, value);
    else if (op === 'add') this.#list.add(name, value);
    else this.#list.remove(name);
  }
}
