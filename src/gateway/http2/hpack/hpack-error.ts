// What a malformed block is answered with.

/** Any malformed block: the connection ends with COMPRESSION_ERROR. */
export class HpackError extends Error {
  override readonly name = 'HpackError';
}
