// Reads trace headers. Each reader answers undefined when its headers are absent, and INVALID when they make no sense: then
// the next format is tried.
import type { RequestView } from '../../../pdk/index.ts';
import type { ExtractFormat, Incoming, InjectFormat } from './context.ts';

export const INVALID: unique symbol = Symbol('trace headers that make no sense');
type Found = Incoming | typeof INVALID | undefined;
type Reader = (request: RequestView) => Found;

const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;
const ZEROS = /^0+$/;
const DECIMAL = /^\d{1,20}$/;
const MAX_64 = 2n ** 64n - 1n;

const found = (format: InjectFormat, values: Partial<Incoming>): Incoming => ({
  format,
  traceId: undefined,
  spanId: undefined,
  parentId: undefined,
  isSampled: undefined,
  isDebug: false,
  sharesSpan: false,
  baggage: [],
  ...values,
});

const traceIdOf = (text: string | undefined): string | undefined =>
  text !== undefined && TRACE_ID.test(text) && !ZEROS.test(text) ? text.toLowerCase() : undefined;
const spanIdOf = (text: string | undefined): string | undefined =>
  text !== undefined && SPAN_ID.test(text) && !ZEROS.test(text) ? text.toLowerCase() : undefined;

function decimalId(text: string | undefined): string | undefined {
  if (text === undefined || !DECIMAL.test(text)) return undefined;
  const value = BigInt(text);
  return value === 0n || value > MAX_64 ? undefined : value.toString(16).padStart(16, '0');
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function w3c(request: RequestView): Found {
  const text = request.header('traceparent');
  if (text === undefined) return undefined;
  const [, trace, span, flags] = TRACEPARENT.exec(text.trim()) ?? [];
  const traceId = traceIdOf(trace);
  const spanId = spanIdOf(span);
  if (traceId === undefined || spanId === undefined) return INVALID;
  return found('w3c', { traceId, spanId, isSampled: (Number.parseInt(flags!, 16) & 1) === 1 });
}

const SAMPLED: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };

function b3(request: RequestView): Found {
  const single = request.header('b3') ?? b3State(request);
  const fromSingle = single === undefined ? undefined : b3Single(single.trim());
  if (fromSingle !== undefined && fromSingle !== INVALID) return fromSingle;
  const [trace, span, parent, sampled, flags] = B3_HEADERS.map((name) => request.header(name));
  if ([trace, span, parent, sampled, flags].every((value) => value === undefined)) return fromSingle;
  const isDebug = flags === '1';
  const isSampled = isDebug ? true : SAMPLED[(sampled ?? '').toLowerCase()];
  const traceId = traceIdOf(trace);
  const spanId = spanIdOf(span);
  const parentId = spanIdOf(parent);
  const isSound =
    (trace === undefined) === (span === undefined) &&
    (trace === undefined || traceId !== undefined) &&
    (span === undefined || spanId !== undefined) &&
    (parent === undefined || parentId !== undefined);
  if (isSound) return found('b3', { traceId, spanId, parentId, isSampled, isDebug, sharesSpan: true });
  return isSampled === undefined ? INVALID : found('b3', { isSampled, isDebug });
}

const B3_HEADERS = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'];

/** The single header may also be a member of tracestate. */
function b3State(request: RequestView): string | undefined {
  for (const line of request.headerValues('tracestate')) {
    for (const member of line.split(',')) {
      const text = member.trim();
      if (text.startsWith('b3=')) return text.slice(3);
    }
  }
  return undefined;
}

function b3Single(text: string): Found {
  if (text === '0' || text === '1' || text === 'd') {
    return found('b3-single', { isSampled: text !== '0', isDebug: text === 'd' });
  }
  const [trace, span, third, parent, ...rest] = text.split('-');
  const traceId = traceIdOf(trace);
  const spanId = spanIdOf(span);
  if (traceId === undefined || spanId === undefined || rest.length > 0) return INVALID;
  const isDebug = third === 'd';
  if (third !== undefined && third !== '0' && third !== '1' && !isDebug) return INVALID;
  const parentId = spanIdOf(parent);
  if (parent !== undefined && parentId === undefined) return INVALID;
  const isSampled = third === undefined ? undefined : third !== '0';
  return found('b3-single', { traceId, spanId, parentId, isSampled, isDebug, sharesSpan: true });
}

function jaeger(request: RequestView): Found {
  const text = request.header('uber-trace-id');
  if (text === undefined) return undefined;
  const parts = decoded(text.trim()).split(':');
  const [trace, span, parent, flags] = parts;
  if (parts.length !== 4 || !/^[0-9a-f]{1,2}$/i.test(flags!)) return INVALID;
  // Leading zeros may be left out.
  const traceId = traceIdOf(padded(trace!, trace!.length > 16 ? 32 : 16));
  const spanId = spanIdOf(padded(span!, 16));
  const parentId = parent === '0' || parent === '' ? undefined : spanIdOf(padded(parent!, 16));
  if (traceId === undefined || spanId === undefined) return INVALID;
  if (parentId === undefined && !/^0*$/.test(parent!)) return INVALID;
  const isSampled = (Number.parseInt(flags!, 16) & 1) === 1;
  const baggage = baggageOf(request, 'uberctx-');
  return found('jaeger', { traceId, spanId, parentId, isSampled, sharesSpan: true, baggage });
}

const padded = (text: string, digits: number): string => (text === '' ? text : text.padStart(digits, '0'));

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function baggageOf(request: RequestView, prefix: string): readonly (readonly [string, string])[] {
  const values: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(request.headers())) {
    if (!name.startsWith(prefix) || name.length === prefix.length) continue;
    values.push([name.slice(prefix.length), decoded(typeof value === 'string' ? value : value[0]!)]);
  }
  return values;
}

function ot(request: RequestView): Found {
  const trace = request.header('ot-tracer-traceid');
  const span = request.header('ot-tracer-spanid');
  const sampled = request.header('ot-tracer-sampled');
  if (trace === undefined && span === undefined && sampled === undefined) return undefined;
  const traceId = traceIdOf(trace);
  const spanId = spanIdOf(span);
  const isSampled = SAMPLED[(sampled ?? '').toLowerCase()];
  if ((trace !== undefined && traceId === undefined) || (span !== undefined && spanId === undefined)) return INVALID;
  return found('ot', { traceId, spanId, isSampled, baggage: baggageOf(request, 'ot-baggage-') });
}

const PRIORITIES: Readonly<Record<string, boolean>> = { '1': true, '2': true, '0': false, '-1': false };

function datadog(request: RequestView): Found {
  const trace = request.header('x-datadog-trace-id');
  const span = request.header('x-datadog-parent-id');
  const priority = request.header('x-datadog-sampling-priority');
  if (trace === undefined) return undefined;
  const traceId = decimalId(trace);
  const spanId = span === undefined || span === '0' ? undefined : decimalId(span);
  const isSampled = priority === undefined ? undefined : PRIORITIES[priority];
  if (traceId === undefined || (spanId === undefined && span !== undefined && span !== '0')) return INVALID;
  if (priority !== undefined && isSampled === undefined) return INVALID;
  return found('datadog', { traceId, spanId, isSampled });
}

function aws(request: RequestView): Found {
  const text = request.header('x-amzn-trace-id');
  if (text === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const part of text.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) fields.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  const [version, time, rest, ...more] = (fields.get('root') ?? '').split('-');
  const isShaped = version === '1' && time?.length === 8 && rest?.length === 24 && more.length === 0;
  const traceId = isShaped ? traceIdOf(`${time}${rest}`) : undefined;
  const parent = fields.get('parent');
  const spanId = spanIdOf(parent);
  const sampled = fields.get('sampled');
  if (traceId === undefined || (parent !== undefined && spanId === undefined)) return INVALID;
  const isSampled = sampled === '1' ? true : sampled === '0' ? false : undefined;
  return found('aws', { traceId, spanId, isSampled });
}

const CLOUD_TRACE = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/i;

function gcp(request: RequestView): Found {
  const text = request.header('x-cloud-trace-context');
  if (text === undefined) return undefined;
  const [, trace, span, option] = CLOUD_TRACE.exec(text.trim()) ?? [];
  const traceId = traceIdOf(trace);
  const spanId = decimalId(span);
  if (traceId === undefined || spanId === undefined) return INVALID;
  return found('gcp', { traceId, spanId, isSampled: option === undefined ? undefined : option === '1' });
}

function instana(request: RequestView): Found {
  const trace = request.header('x-instana-t');
  const span = request.header('x-instana-s');
  const level = request.header('x-instana-l');
  if (trace === undefined && span === undefined && level === undefined) return undefined;
  const traceId = traceIdOf(trace);
  const spanId = spanIdOf(span);
  const isSampled =
    level === undefined ? undefined : level.startsWith('1') ? true : level.startsWith('0') ? false : undefined;
  if ((trace !== undefined && traceId === undefined) || (span !== undefined && spanId === undefined)) return INVALID;
  return found('instana', { traceId, spanId, isSampled });
}

export const READERS: Readonly<Record<ExtractFormat, Reader>> = { w3c, b3, jaeger, ot, datadog, aws, gcp, instana };
