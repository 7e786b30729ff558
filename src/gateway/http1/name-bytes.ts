// Header names compared where they arrived: bytes of a buffer are read in a fraction of the time that characters of a text take.

/** A bit for what a name begins with; upper and lower case of a letter have the same. */
export const letterBit = (code: number): number => 1 << (code & 31);
export const letterOf = (name: string): number => letterBit(name.charCodeAt(0));

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
