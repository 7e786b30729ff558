// `<scheme> base64(user:password)`: the header of HTTP Basic authentication and of schemes built like it. Parsed without
// regular expressions that could go back and forth over the client's text, so that every length costs the same a byte.
import { bytesToUtf8 } from '../../lib/byte-text.ts';

export interface BasicCredentials {
  /** UTF-8; what is not becomes U+FFFD. Never empty. */
  readonly user: string;
  /** The bytes behind the first colon as they came, one character a byte. */
  readonly password: string;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Undefined when the header is not of that scheme (any case), not base64, has no colon or no user. */
export function parseBasicCredentials(header: string, scheme: string): BasicCredentials | undefined {
  const text = afterScheme(header, scheme);
  // This decoder answers one character a byte, and costs half of what the way over a buffer does.
  const bytes = text !== undefined && isBase64(text) ? atob(text) : undefined;
  const colon = bytes?.indexOf(':') ?? -1;
  if (bytes === undefined || colon < 1) return undefined;
  return { user: bytesToUtf8(bytes.slice(0, colon)), password: bytes.slice(colon + 1) };
}

/** What follows the scheme and at least one blank; undefined for another scheme. */
export function afterScheme(header: string, scheme: string): string | undefined {
  const text = header.trim();
  const { length } = scheme;
  const blank = text.charCodeAt(length);
  if (blank !== 0x20 && blank !== 0x09) return undefined;
  if (text.slice(0, length).toLowerCase() !== scheme.toLowerCase()) return undefined;
  return text.slice(length + 1).trimStart();
}

export const decodeBase64 = (text: string): Buffer | undefined =>
  isBase64(text) ? Buffer.from(text, 'base64') : undefined;

/** Strict: decoders would skip what they do not know. Padding may be absent. */
function isBase64(text: string): boolean {
  if (!BASE64.test(text)) return false;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length - padding) % 4 !== 1 && (padding === 0 || text.length % 4 === 0);
}
