// Between JSON and the bytes of protobuf messages, by the types of a .proto file. In JSON every field without presence is
// there, as proto3 has it; names are those of the file, and the camel-case ones are understood too.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Protos } from './proto-files.ts';
import type { ProtoEnum, ProtoField, ProtoMessage } from './proto-parser.ts';
import { readScalar, SCALAR_WIRES, writeScalar } from './scalars.ts';
import { ByteReader, ByteWriter } from './wire.ts';

const MAX_DEPTH = 64;

export class Codec {
  readonly #types: Protos['types'];

  constructor({ types }: Protos) {
    this.#types = types;
  }

  /** Throws when the value does not fit the type. */
  encode(type: string, value: Json, depth = 0): Buffer {
    if (depth > MAX_DEPTH) throw new Error('too deep');
    const known = specialToObject(type, value);
    if (!isObject(known)) throw new Error(`${type} must be an object`);
    const writer = new ByteWriter();
    for (const field of this.#message(type).fields) {
      const given = known[field.name] ?? known[field.jsonName ?? camelCase(field.name)];
      if (given === undefined || given === null) {
        if (given === null || known[field.name] === null) {
          if (field.type === 'string') throw new Error(`${field.name} must be a string`);
        }
        continue;
      }
      this.#writeField(writer, field, given, depth);
    }
    return writer.finish();
  }

  decode(type: string, bytes: Uint8Array, depth = 0): Json {
    if (depth > MAX_DEPTH) throw new Error('too deep');
    const message = this.#message(type);
    const byNumber = new Map(message.fields.map((field) => [field.number, field]));
    const value: JsonObject = Object.create(null) as JsonObject;
    for (const field of message.fields) {
      if (field.mapKey !== undefined) value[field.name] = {};
      else if (field.isRepeated) value[field.name] = [];
      else if (!field.isOptional && this.#types.get(field.type)?.kind !== 'message') {
        value[field.name] = this.#zero(field.type);
      }
    }
    const reader = new ByteReader(bytes);
    while (!reader.isAtEnd) {
      const tag = reader.varint32();
      const field = byNumber.get(tag >>> 3);
      if (field === undefined) reader.skip(tag & 7);
      else this.#readField(reader, tag & 7, field, value, depth);
    }
    return specialFromObject(type, { ...value });
  }

  /** Of a field in a message; undefined when there is none of that name. */
  field(type: string, name: string): ProtoField | undefined {
    const message = this.#types.get(type);
    if (message?.kind !== 'message') return undefined;
    return message.fields.find((field) => field.name === name || (field.jsonName ?? camelCase(field.name)) === name);
  }

  isMessage(type: string): boolean {
    return this.#types.get(type)?.kind === 'message';
  }

  #message(type: string): ProtoMessage {
    const message = this.#types.get(type);
    if (message?.kind !== 'message') throw new Error(`${type} is not a known message`);
    return message;
  }

  #writeField(writer: ByteWriter, field: ProtoField, given: Json, depth: number): void {
    if (field.mapKey !== undefined) {
      if (!isObject(given)) throw new Error(`${field.name} must be an object`);
      for (const [key, value] of Object.entries(given)) {
        const entry = new ByteWriter();
        this.#writeOne(
          entry,
          { ...field, mapKey: undefined, type: field.mapKey, number: 1 },
          keyValue(field.mapKey, key),
          depth,
        );
        this.#writeOne(entry, { ...field, mapKey: undefined, number: 2 }, value, depth);
        writer.tag(field.number, 2).bytes(entry.finish());
      }
    } else if (field.isRepeated) {
      if (!Array.isArray(given)) throw new Error(`${field.name} must be a list`);
      for (const value of given) this.#writeOne(writer, field, value, depth);
    } else this.#writeOne(writer, field, given, depth);
  }

  #writeOne(writer: ByteWriter, { name, type, number }: ProtoField, value: Json, depth: number): void {
    const wire = SCALAR_WIRES[type];
    if (wire !== undefined) {
      writer.tag(number, wire);
      writeScalar(writer, type, value, name);
      return;
    }
    const other = this.#types.get(type);
    if (other?.kind === 'enum')
      writer.tag(number, 0).varint(BigInt.asUintN(64, BigInt(enumNumber(other, value, name))));
    else writer.tag(number, 2).bytes(this.encode(type, value, depth + 1));
  }

  #readField(reader: ByteReader, wire: number, field: ProtoField, into: JsonObject, depth: number): void {
    const { name, type } = field;
    if (field.mapKey !== undefined) {
      const [key, value] = this.#readEntry(reader.bytes(), field, depth);
      Object.defineProperty(into[name], key, { value, enumerable: true, configurable: true, writable: true });
    } else if (field.isRepeated) {
      const list = into[name] as Json[];
      const isPacked = wire === 2 && type !== 'string' && type !== 'bytes' && !this.isMessage(type);
      if (!isPacked) list.push(this.#readOne(reader, type, depth));
      else {
        const packed = new ByteReader(reader.bytes());
        while (!packed.isAtEnd) list.push(this.#readOne(packed, type, depth));
      }
    } else into[name] = this.#readOne(reader, type, depth);
  }

  #readEntry(bytes: Uint8Array, field: ProtoField, depth: number): [string, Json] {
    const reader = new ByteReader(bytes);
    let key: Json = this.#zero(field.mapKey!);
    let value: Json = this.isMessage(field.type) ? {} : this.#zero(field.type);
    while (!reader.isAtEnd) {
      const tag = reader.varint32();
      if (tag >>> 3 === 1) key = this.#readOne(reader, field.mapKey!, depth);
      else if (tag >>> 3 === 2) value = this.#readOne(reader, field.type, depth);
      else reader.skip(tag & 7);
    }
    return [String(key), value];
  }

  #readOne(reader: ByteReader, type: string, depth: number): Json {
    if (SCALAR_WIRES[type] !== undefined) return readScalar(reader, type);
    const other = this.#types.get(type);
    if (other?.kind !== 'enum') return this.decode(type, reader.bytes(), depth + 1);
    const number = Number(BigInt.asIntN(32, reader.varint()));
    return enumName(other, number);
  }

  #zero(type: string): Json {
    if (type === 'string' || type === 'bytes') return '';
    if (type === 'bool') return false;
    const other = this.#types.get(type);
    return other?.kind === 'enum' ? enumName(other, 0) : 0;
  }
}

const enumName = ({ values }: ProtoEnum, number: number): Json => {
  for (const [name, value] of values) if (value === number) return name;
  return number;
};

function enumNumber({ values }: ProtoEnum, value: Json, field: string): number {
  const number =
    typeof value === 'string' ? (values.get(value) ?? (/^-?\d+$/.test(value) ? Number(value) : undefined)) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new Error(`${field} must be one of ${[...values.keys()].join(', ')}`);
}

const keyValue = (type: string, key: string): Json => (type === 'bool' ? key === 'true' : key);

const camelCase = (name: string): string =>
  name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

const WRAPPER = /^google\.protobuf\.(?:String|Bool|Bytes|U?Int(?:32|64)|Float|Double)Value$/;

/** Types of Google's that JSON writes as one text or value. */
function specialToObject(type: string, value: Json): Json {
  if (type === 'google.protobuf.Timestamp' && typeof value === 'string') {
    const time = Date.parse(value);
    if (Number.isNaN(time)) throw new Error('a timestamp must be ISO 8601 text');
    const fraction = /\.(\d{1,9})/.exec(value)?.[1] ?? '';
    return { seconds: Math.floor(time / 1000), nanos: Number(fraction.padEnd(9, '0')) };
  }
  if (type === 'google.protobuf.Duration' && typeof value === 'string') {
    const [, sign, seconds, fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) ?? [];
    if (seconds === undefined) throw new Error('a duration must be like 1.5s');
    const factor = sign === '-' ? -1 : 1;
    return { seconds: factor * Number(seconds), nanos: factor * Number(fraction.padEnd(9, '0')) };
  }
  return WRAPPER.test(type) && !isObject(value) ? { value } : value;
}

function specialFromObject(type: string, value: JsonObject): Json {
  if (type === 'google.protobuf.Timestamp') {
    const nanos = Number(value['nanos']);
    const text = new Date(Number(value['seconds']) * 1000).toISOString().slice(0, 19);
    return `${text}${fractionOf(nanos)}Z`;
  }
  if (type === 'google.protobuf.Duration') {
    const nanos = Number(value['nanos']);
    // Less than a second has its sign in the fraction.
    const sign = nanos < 0 && Number(value['seconds']) === 0 ? '-' : '';
    return `${sign}${value['seconds']}${fractionOf(Math.abs(nanos))}s`;
  }
  return WRAPPER.test(type) ? value['value']! : value;
}

const fractionOf = (nanos: number): string =>
  nanos === 0
    ? ''
    : `.${String(nanos)
        .padStart(9, '0')
        .replace(/(?:000){1,2}$/, '')}`;
