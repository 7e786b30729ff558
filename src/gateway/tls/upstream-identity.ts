// Whether a verified certificate belongs to the upstream that was meant: by the name it is called by, or by one of those that
// its service lists beside that.
import * as tls from 'node:tls';

export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

/** undefined when it does, else the runtime's word on the first name. */
export function checkUpstreamIdentity(
  name: string,
  also: AlternativeNames | undefined,
  certificate: tls.PeerCertificate,
): Error | undefined {
  const wrong = tls.checkServerIdentity(name, certificate);
  if (wrong === undefined || also === undefined) return wrong;
  if (also.dnsNames.some((one) => tls.checkServerIdentity(one, certificate) === undefined)) return undefined;
  const own = also.uris.length === 0 ? [] : urisOf(certificate.subjectaltname);
  return also.uris.some((one) => own.includes(one)) ? undefined : wrong;
}

/** The runtime lists names as `DNS:a, URI:b`; those with a comma or a quote in them are JSON texts. */
export function urisOf(names: string | undefined): string[] {
  const found: string[] = [];
  for (const [, kind, text = ''] of (names ?? '').matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)) {
    if (kind === 'URI') found.push(text.startsWith('"') ? (JSON.parse(text) as string) : text);
  }
  return found;
}
