// Reads protobuf messages without a schema: field numbers and raw values, for tests that look at what was sent.

export interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

export function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('message ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    const wire = tag & 7;
    if (wire === 0) fields.push({ number, value: varint() });
    else if (wire === 1) fields.push({ number, value: take(8) });
    else if (wire === 2) fields.push({ number, value: take(Number(varint())) });
    else if (wire === 5) fields.push({ number, value: take(4) });
    else throw new Error(`wire type ${wire}`);
  }
  return fields;
}

export const messages = (bytes: Buffer, number: number): Buffer[] =>
  readFields(bytes)
    .filter((field) => field.number === number)
    .map(({ value }) => value as Buffer);

export const first = (bytes: Buffer, number: number): bigint | Buffer | undefined =>
  readFields(bytes).find((field) => field.number === number)?.value;

export const text = (bytes: Buffer, number: number): string | undefined =>
  (first(bytes, number) as Buffer | undefined)?.toString('utf8');
