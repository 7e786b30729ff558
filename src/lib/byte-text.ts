// Byte text: strings with one character a byte (latin1), which is how headers, paths and queries come from the wire and go
// to it. Text from configuration and JSON is ordinary text; these two turn one into the other, through UTF-8.
import { isUtf8 } from 'node:buffer';

const NOT_ASCII = /[^\u0000-\u007f]/;

/** Ordinary text as its UTF-8 bytes, one character a byte. */
export const utf8ToBytes = (text: string): string =>
  NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;

/** Bytes read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export const bytesToUtf8 = (bytes: string): string =>
  NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;

/** Bytes as their UTF-8 text where they are UTF-8, else each as the character of its number. */
export function loggedText(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes;
  const raw = Buffer.from(bytes, 'latin1');
  return isUtf8(raw) ? raw.toString('utf8') : bytes;
}

/** Lower case of the text that the bytes are. */
export const lowerBytes = (bytes: string): string =>
  NOT_ASCII.test(bytes) ? utf8ToBytes(bytesToUtf8(bytes).toLowerCase()) : bytes.toLowerCase();
