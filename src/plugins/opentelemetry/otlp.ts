// The messages of OTLP (opentelemetry-proto 1.x) as bytes: ExportTraceServiceRequest and ExportLogsServiceRequest. Numbers of
// fields are those of the published .proto files.
import { KONG_VERSION } from '../../lib/version.ts';
import { ProtobufWriter } from '../shared/protobuf-writer.ts';
import { sized } from '../shared/tracing/context.ts';
import type { AttributeValue, Span } from '../shared/tracing/span.ts';

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly severity: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly isSampled: boolean;
}

export type Resource = Readonly<Record<string, string>>;

const SCOPE = 'kong-internal';
const SCOPE_VERSION = '0.1.0';
const KINDS: Readonly<Record<Span['kind'], number>> = { internal: 1, server: 2, client: 3 };
const SEVERITIES: Readonly<Record<LogLine['severity'], number>> = { debug: 5, info: 9, warn: 13, error: 17 };
const NAMES: Readonly<Record<LogLine['severity'], string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERR',
};
const STATUS_ERROR = 2;
/** The only attribute that is a whole number on the wire. */
const WHOLE = 'http.status_code';

export const ownResource = (nodeId: string): Resource => ({
  'service.name': 'kong',
  'service.instance.id': nodeId,
  'service.version': KONG_VERSION,
});

export const encodeTraces = (resource: Resource, spans: readonly Span[]): Buffer =>
  encodeExport(resource, (scoped) => {
    for (const span of spans) scoped.message(2, (writer) => writeSpan(writer, span));
  });

export const encodeLogs = (resource: Resource, lines: readonly LogLine[]): Buffer =>
  encodeExport(resource, (scoped) => {
    for (const line of lines) scoped.message(2, (writer) => writeLine(writer, line));
  });

/** Both requests have the same shape around their entries. */
function encodeExport(resource: Resource, writeEntries: (scoped: ProtobufWriter) => void): Buffer {
  const request = new ProtobufWriter();
  request.message(1, (ofResource) => {
    ofResource.message(1, (writer) => writeAttributes(writer, 1, resource));
    ofResource.message(2, (scoped) => {
      scoped.message(1, (scope) => scope.text(1, SCOPE).text(2, SCOPE_VERSION));
      writeEntries(scoped);
    });
  });
  return request.finish();
}

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * 1000)) * 1000n;
const hex = (id: string, bytes: number): Buffer => Buffer.from(sized(id, bytes * 2), 'hex');

function writeSpan(writer: ProtobufWriter, span: Span): void {
  writer.bytes(1, hex(span.traceId, 16)).bytes(2, hex(span.spanId, 8));
  if (span.parentId !== undefined) writer.bytes(4, hex(span.parentId, 8));
  writer.text(5, span.name).varint(6, KINDS[span.kind]);
  writer.fixed64(7, nanoseconds(span.start)).fixed64(8, nanoseconds(Math.max(span.start, span.end)));
  writeAttributes(writer, 9, span.attributes);
  for (const { name, time, attributes } of span.events ?? []) {
    writer.message(11, (event) => {
      event.fixed64(1, nanoseconds(time)).text(2, name);
      writeAttributes(event, 3, attributes);
    });
  }
  if (span.isError) writer.message(15, (status) => status.varint(3, STATUS_ERROR));
}

function writeLine(writer: ProtobufWriter, line: LogLine): void {
  const time = nanoseconds(line.time);
  writer.fixed64(1, time).varint(2, SEVERITIES[line.severity]).text(3, NAMES[line.severity]);
  writer.message(5, (body) => body.text(1, line.text));
  writeAttributes(writer, 6, line.attributes);
  if (line.isSampled) writer.fixed32(8, 1);
  if (line.traceId !== undefined) writer.bytes(9, hex(line.traceId, 16));
  if (line.spanId !== undefined) writer.bytes(10, hex(line.spanId, 8));
  writer.fixed64(11, time);
}

function writeAttributes(
  writer: ProtobufWriter,
  field: number,
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    writer.message(field, (pair) => pair.text(1, key).message(2, (any) => writeValue(any, key, value)));
  }
}

function writeValue(writer: ProtobufWriter, key: string, value: AttributeValue): void {
  if (typeof value === 'string') writer.text(1, value);
  else if (typeof value === 'boolean') writer.varint(2, Number(value));
  else if (key === WHOLE) writer.varint(3, value);
  else writer.double(4, value);
}
