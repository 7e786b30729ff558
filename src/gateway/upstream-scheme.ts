// What the protocols of a service mean on the wire.
export interface UpstreamScheme {
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly isHttp2: boolean;
}

const HTTP: UpstreamScheme = { name: 'http', isEncrypted: false, isHttp2: false };
const SCHEMES: Readonly<Record<string, UpstreamScheme>> = {
  http: HTTP,
  https: { name: 'https', isEncrypted: true, isHttp2: false },
  grpc: { name: 'grpc', isEncrypted: false, isHttp2: true },
  grpcs: { name: 'grpcs', isEncrypted: true, isHttp2: true },
};

export const upstreamScheme = (protocol: unknown): UpstreamScheme => SCHEMES[String(protocol ?? 'http')] ?? HTTP;
