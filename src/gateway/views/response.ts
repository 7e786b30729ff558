// The answer as plugins see it. Before there is one, changes to its headers are noted; they apply to whatever answer comes,
// from the upstream, a plugin or the gateway.
import type { HeaderValue, HeaderValues, ResponseView } from '../../pdk/index.ts';
import type { RequestContext } from '../context.ts';
import { HeaderList } from '../http1/headers.ts';
import type { OwnLine } from '../http1/own-lines.ts';
import { isList } from './header-value.ts';
import { headerRecord } from './request.ts';

type Operation = 'set' | 'add';

interface Edit {
  readonly op: Operation;
  readonly line: OwnLine;
}

const NO_BODY: Buffer = Buffer.alloc(0);

export class ResponseSide implements ResponseView {
  readonly #context: RequestContext;
  #list: HeaderList | undefined = undefined;
  /** To remove a line, its name. */
  #edits: (Edit | string)[] | undefined = undefined;
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
    for (const edit of this.#edits ?? []) {
      if (typeof edit === 'string') headers.remove(edit);
      else if (edit.op === 'set') headers.putLine(edit.line);
      else headers.appendLine(edit.line);
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
    this.removeHeader(name);
    for (const item of value) this.#edit('add', name, item);
  }
  addHeader(name: string, value: HeaderValue): void {
    this.#edit('add', name, value);
  }
  removeHeader(name: string): void {
    this.#context.core.knownLines.check(name);
    if (this.#list === undefined) (this.#edits ??= []).push(name);
    else this.#list.remove(name);
  }

  #edit(op: Operation, name: string, value: HeaderValue): void {
    const line = this.#context.core.knownLines.line(name, value);
    if (this.#list === undefined) (this.#edits ??= []).push({ op, line });
    else if (op === 'set') this.#list.putLine(line);
    else this.#list.appendLine(line);
  }
}
