// Header names compared where they arrived: bytes of a buffer are read in a fraction of the time that characters of a text take.

export const nameBytes = (name: string): Uint8Array => Uint8Array.from(Buffer.from(name, 'latin1'));

/**
 * Is it this name, whatever its case? The bytes have been found to be a token of that length, so that a set bit 5 turns no
 * other byte into one of the name.
 * @param name of lower-case letters, digits and dashes.
 */
export function isName(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if (((bytes[at + i] as number) | 0x20) !== name[i]) return false;
  }
  return true;
}
