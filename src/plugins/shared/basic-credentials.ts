// `<scheme> base64(user:password)`: the header of HTTP Basic authentication and of schemes built like it. Parsed without
// regular expressions on the client's text, so that every length costs the same a byte.

export interface BasicCredentials {
  /** UTF-8; what is not becomes U+FFFD. Never empty. */
  readonly user: string;
  /** The bytes behind the first colon, as they came. */
  readonly password: Buffer;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Undefined when the header is not of that scheme (any case), not base64, has no colon or no user. */
export function parseBasicCredentials(header: string, scheme: string): BasicCredentials | undefined {
  const text = afterScheme(header, scheme);
  const bytes = text === undefined ? undefined : decodeBase64(text);
  const colon = bytes?.indexOf(0x3a) ?? -1;
  if (bytes === undefined || colon < 1) return undefined;
  return { user: bytes.toString('utf8', 0, colon), password: bytes.subarray(colon + 1) };
}

/** What follows the scheme and at least one blank; undefined for another scheme. */
export function afterScheme(header: string, scheme: string): string | undefined {
  const text = header.trim();
  const { length } = scheme;
  if (text.slice(0, length).toLowerCase() !== scheme.toLowerCase()) return undefined;
  const rest = text.slice(length);
  return rest.startsWith(' ') || rest.startsWith('\t') ? rest.trimStart() : undefined;
}

/** Strict: Node's decoder would skip what it does not know. Padding may be absent. */
export function decodeBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined;
  const digits = text.replace(/=+$/, '').length;
  if (digits % 4 === 1 || (text.length !== digits && text.length % 4 !== 0)) return undefined;
  return Buffer.from(text, 'base64');
}
