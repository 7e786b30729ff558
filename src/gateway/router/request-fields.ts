// What of a request rules look at, taken apart when first asked for. One object serves all searches of a router, which never
// overlap. It also answers the fields of expressions by name.
import { readSegmentRange } from '../../entities/route-fields.ts';
import { lowerBytes, utf8ToBytes } from '../../lib/byte-text.ts';
import type { ReadField } from '../../lib/expression/evaluate.ts';
import { parseQuery, type QueryArguments } from '../../lib/query.ts';
import { Authorities } from '../../lib/uri.ts';
import type { RouteInput } from './router.ts';

const NONE: readonly string[] = [];

export type PortOf = (input: RouteInput) => number;

export class RequestFields {
  input!: RouteInput;
  /** Without the port. */
  host = '';
  /** The one in Host, else the one connected to, or what the flavour takes for it. */
  port = 0;
  #segments: readonly string[] | undefined = undefined;
  #query: QueryArguments | undefined = undefined;
  #headerName: string | undefined = undefined;
  #headerValues: readonly string[] = NONE;
  #lowered: readonly string[] | undefined = undefined;
  readonly #portOf: PortOf | undefined;
  readonly #authorities = new Authorities();

  constructor(portOf?: PortOf) {
    this.#portOf = portOf;
  }

  load(input: RouteInput): void {
    const { name, port } = this.#authorities.read(input.host);
    this.input = input;
    this.host = name;
    this.port = port ?? this.#portOf?.(input) ?? input.port;
    this.#segments = undefined;
    this.#query = undefined;
    this.#headerName = undefined;
  }

  /** Between the slashes; empty ones at the end do not count. */
  get segments(): readonly string[] {
    return (this.#segments ??= splitPath(this.input.path));
  }

  queryValues(name: string): readonly string[] {
    this.#query ??= parseQuery(this.input.query ?? '');
    const found = this.#query[name];
    if (found === undefined) return NONE;
    const list = Array.isArray(found) ? found : [found];
    return list.map((value) => (value === true ? '' : utf8ToBytes(value)));
  }

  /** By the name with underscores, or else with dashes. The last one read is remembered: it is mostly asked for again. */
  headerValues(underscored: string, dashed: string): readonly string[] {
    if (this.#headerName === underscored) return this.#headerValues;
    const { headers } = this.input;
    const values = headers.getAll(underscored);
    this.#headerValues = values.length > 0 || underscored === dashed ? values : headers.getAll(dashed);
    this.#headerName = underscored;
    this.#lowered = undefined;
    return this.#headerValues;
  }

  loweredHeaderValues(underscored: string, dashed: string): readonly string[] {
    const values = this.headerValues(underscored, dashed);
    if (this.#lowered !== undefined) return this.#lowered;
    this.#lowered = values.length === 1 ? [lowerBytes(values[0]!)] : values.map(lowerBytes);
    return this.#lowered;
  }

  get serverName(): string | undefined {
    const { scheme, sni } = this.input;
    return scheme === 'https' && sni !== undefined && sni !== '' ? sni : undefined;
  }
}

function splitPath(path: string): readonly string[] {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === 47) end -= 1;
  return end === 0 ? NONE : path.slice(path.startsWith('/') ? 1 : 0, end).split('/');
}

const FIXED: Readonly<Record<string, ReadField<RequestFields>>> = {
  'net.protocol': ({ input }) => input.scheme,
  'net.src.ip': ({ input }) => input.connection?.remoteAddress,
  'net.src.port': ({ input }) => input.connection?.remotePort,
  'net.dst.ip': ({ input }) => input.connection?.localAddress,
  'net.dst.port': (fields) => fields.port,
  'tls.sni': (fields) => fields.serverName,
  'http.method': ({ input }) => input.method,
  'http.host': ({ host }) => (host === '' ? undefined : host),
  'http.path': ({ input }) => input.path,
  'http.path.segments.len': (fields) => fields.segments.length,
};

const ABSENT: ReadField<RequestFields> = () => undefined;

const FAMILIES: Readonly<Record<string, (label: string) => ReadField<RequestFields>>> = {
  'http.headers.': readHeader,
  'http.queries.': (label) => (fields) => fields.queryValues(label),
  'http.path.segments.': readSegments,
};

/** How to read a field of an expression; one that no request can have is always absent. */
export function readerOf(field: string): ReadField<RequestFields> {
  const fixed = Object.hasOwn(FIXED, field) ? FIXED[field] : undefined;
  if (fixed !== undefined) return fixed;
  const dot = field.lastIndexOf('.') + 1;
  return FAMILIES[field.slice(0, dot)]?.(field.slice(dot)) ?? ABSENT;
}

/** The host has a field of its own. */
function readHeader(label: string): ReadField<RequestFields> {
  const dashed = label.replaceAll('_', '-');
  return label === 'host' ? ABSENT : (fields) => fields.headerValues(label, dashed);
}

function readSegments(label: string): ReadField<RequestFields> {
  const range = readSegmentRange(label);
  if (range === undefined) return ABSENT;
  const { from, to } = range;
  if (to === undefined) return (fields) => fields.segments[from];
  return ({ segments }) => (to < segments.length ? segments.slice(from, to + 1).join('/') : undefined);
}
