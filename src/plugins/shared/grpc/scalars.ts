// Scalar values of protobuf in JSON: numbers as numbers, those of 64 bits as text where a number would not be exact, bytes as
// base64.
import type { Json } from '../../../lib/json.ts';
import type { ByteReader, ByteWriter } from './wire.ts';

export const SCALAR_WIRES: Readonly<Record<string, number | undefined>> = {
  __proto__: null as never,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
  string: 2,
  bytes: 2,
  bool: 0,
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  sint32: 0,
  sint64: 0,
};

const is64 = (type: string): boolean => type.endsWith('64');
const isUnsigned = (type: string): boolean => type.startsWith('u') || type.startsWith('fixed');

export function writeScalar(writer: ByteWriter, type: string, value: Json, field: string): void {
  switch (type) {
    case 'string':
      if (typeof value !== 'string') throw new Error(`${field} must be a string`);
      writer.bytes(Buffer.from(value, 'utf8'));
      return;
    case 'bytes':
      if (typeof value !== 'string') throw new Error(`${field} must be base64 text`);
      writer.bytes(Buffer.from(value, 'base64'));
      return;
    case 'bool':
      if (typeof value !== 'boolean') throw new Error(`${field} must be true or false`);
      writer.varint(value ? 1n : 0n);
      return;
    case 'double':
    case 'float': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || (Number.isNaN(number) && value !== 'NaN'))
        throw new Error(`${field} must be a number`);
      const bytes = Buffer.alloc(type === 'double' ? 8 : 4);
      if (type === 'double') bytes.writeDoubleLE(number);
      else bytes.writeFloatLE(number);
      writer.raw(bytes);
      return;
    }
    default:
      writeInteger(writer, type, integerOf(type, value, field));
  }
}

function integerOf(type: string, value: Json, field: string): bigint {
  const isText = typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!isText && !(typeof value === 'number' && Number.isInteger(value)))
    throw new Error(`${field} must be an integer`);
  const number = BigInt(value as string | number);
  const bits = is64(type) ? 64 : 32;
  const fits = isUnsigned(type) ? BigInt.asUintN(bits, number) : BigInt.asIntN(bits, number);
  if (fits !== number) throw new Error(`${field} is out of range`);
  return number;
}

function writeInteger(writer: ByteWriter, type: string, number: bigint): void {
  if (type.includes('fixed')) {
    const bytes = Buffer.alloc(is64(type) ? 8 : 4);
    if (is64(type)) bytes.writeBigUInt64LE(BigInt.asUintN(64, number));
    else bytes.writeUInt32LE(Number(BigInt.asUintN(32, number)));
    writer.raw(bytes);
  } else if (type.startsWith('s')) writer.varint(number >= 0n ? number * 2n : -number * 2n - 1n);
  else writer.varint(BigInt.asUintN(64, number));
}

export function readScalar(reader: ByteReader, type: string): Json {
  switch (type) {
    case 'string':
      return reader.bytes().toString('utf8');
    case 'bytes':
      return reader.bytes().toString('base64');
    case 'bool':
      return reader.varint() !== 0n;
    case 'double':
      return finite(reader.take(8).readDoubleLE());
    case 'float':
      return finite(Math.fround(reader.take(4).readFloatLE()));
    default:
      return exact(readInteger(reader, type));
  }
}

function readInteger(reader: ByteReader, type: string): bigint {
  if (type.includes('fixed')) {
    const raw = is64(type) ? reader.take(8).readBigUInt64LE() : BigInt(reader.take(4).readUInt32LE());
    return isUnsigned(type) ? raw : BigInt.asIntN(is64(type) ? 64 : 32, raw);
  }
  const raw = reader.varint();
  if (type.startsWith('s')) return (raw >> 1n) ^ -(raw & 1n);
  if (isUnsigned(type)) return is64(type) ? raw : BigInt.asUintN(32, raw);
  return BigInt.asIntN(is64(type) ? 64 : 32, raw);
}

const exact = (value: bigint): Json => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};

const finite = (value: number): Json => (Number.isFinite(value) ? value : String(value));
