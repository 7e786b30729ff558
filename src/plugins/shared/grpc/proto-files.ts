// A .proto file with everything it imports: types and methods by their full names. Files are read when an instance is made;
// imports are looked for beside the file that asks and in the usual folder of the system.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ProtoEnum, type ProtoMessage, type ProtoMethod, parseProto } from './proto-parser.ts';

export interface Protos {
  readonly types: ReadonlyMap<string, ProtoMessage | ProtoEnum>;
  readonly methods: readonly ProtoMethod[];
}

const INCLUDE = '/usr/include';
/** Built in: what they bind is understood without their text. */
const KNOWN = /^google\/(?:api|protobuf|rpc)\//;

const TIMESTAMP = `package google.protobuf;
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message Empty {}
message StringValue { string value = 1; } message BoolValue { bool value = 1; } message BytesValue { bytes value = 1; }
message Int32Value { int32 value = 1; } message Int64Value { int64 value = 1; } message UInt32Value { uint32 value = 1; }
message UInt64Value { uint64 value = 1; } message FloatValue { float value = 1; } message DoubleValue { double value = 1; }`;

export function loadProtos(path: string): Protos {
  const types = new Map<string, ProtoMessage | ProtoEnum>();
  const methods: ProtoMethod[] = [];
  const seen = new Set<string>();
  const resolveIn = (scope: string, name: string): string => {
    if (name.startsWith('.')) return name.slice(1);
    for (let around = scope; ; around = around.slice(0, Math.max(0, around.lastIndexOf('.')))) {
      const full = around === '' ? name : `${around}.${name}`;
      if (types.has(full) || around === '') return full;
    }
  };
  const files: {
    readonly package: string;
    readonly types: readonly (ProtoMessage | ProtoEnum)[];
    readonly methods: readonly ProtoMethod[];
  }[] = [];
  const load = (file: string, source: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    let parsed: ReturnType<typeof parseProto>;
    try {
      parsed = parseProto(source);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`);
    }
    for (const name of parsed.imports) {
      const found = findImport(name, dirname(file), dirname(path));
      if (found !== undefined) load(found.file, found.source);
    }
    files.push(parsed);
    for (const type of parsed.types) types.set(type.name, type);
  };
  load('google/protobuf', TIMESTAMP);
  load(path, readFileSync(path, 'utf8'));
  for (const file of files) {
    for (const type of file.types) {
      if (type.kind === 'enum') continue;
      const fields = type.fields.map((field) => ({
        ...field,
        type: SCALARS.has(field.type) ? field.type : resolveIn(type.name, field.type),
      }));
      types.set(type.name, { ...type, fields });
    }
    for (const method of file.methods) {
      methods.push({
        ...method,
        input: resolveIn(method.service, method.input),
        output: resolveIn(method.service, method.output),
      });
    }
  }
  return { types, methods };
}

export const SCALARS: ReadonlySet<string> = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(' '),
);

function findImport(
  name: string,
  ...folders: readonly string[]
): { readonly file: string; readonly source: string } | undefined {
  for (const folder of [...folders, INCLUDE]) {
    const file = join(folder, name);
    try {
      return { file, source: readFileSync(file, 'utf8') };
    } catch {
      // It may be in the next folder.
    }
  }
  if (KNOWN.test(name)) return undefined;
  throw new Error(`imported file ${name} is not found`);
}
