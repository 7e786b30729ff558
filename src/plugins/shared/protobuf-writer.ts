// Writes protobuf messages field by field: the few wire types that exporters need, without a schema at run time.

const TWO_TO_32 = 2 ** 32;

export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];

  /** Of an integer that is not negative, or of a truth value as 0 or 1. */
  varint(field: number, value: number): this {
    this.#parts.push(varintBytes(field * 8), varintBytes(value));
    return this;
  }

  fixed64(field: number, value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    this.#parts.push(varintBytes(field * 8 + 1), bytes);
    return this;
  }

  fixed32(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    this.#parts.push(varintBytes(field * 8 + 5), bytes);
    return this;
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#parts.push(varintBytes(field * 8 + 1), bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varintBytes(field * 8 + 2), varintBytes(value.length), value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function varintBytes(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  const bytes: number[] = [];
  let low = value % TWO_TO_32;
  let high = Math.floor(value / TWO_TO_32);
  while (high > 0 || low >= 0x80) {
    bytes.push((low & 0x7f) | 0x80);
    low = (low >>> 7) + (high & 0x7f) * 2 ** 25;
    high >>>= 7;
  }
  bytes.push(low);
  return Uint8Array.from(bytes);
}
