// URLs in configurations: what Kong says when a part is missing, and parsed only as far as that needs.

const SCHEME = /^[A-Za-z0-9][A-Za-z0-9+.-]*:/;
const AUTHORITY = /^\/\/([^/?#]*)/;

/** Answers Kong's message, or undefined for a URL with scheme and host. */
export function checkUrl(text: string): string | undefined {
  const scheme = SCHEME.exec(text)?.[0] ?? '';
  const authority = AUTHORITY.exec(text.slice(scheme.length))?.[1] ?? '';
  const host = authority.replace(/^[^@]*@/, '').replace(/:[^:\]]*$/, '');
  if (host === '') return 'missing host in url';
  if (scheme === '') return 'missing scheme in url';
  return URL.canParse(text) ? undefined : 'could not parse url. It is not valid';
}

export const url = { type: 'string', custom_validator: checkUrl } as const;
