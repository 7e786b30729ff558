// The Host header for a peer: its name, with the port unless the scheme's own.

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, grpc: 80, https: 443, grpcs: 443 };

export function hostHeader(scheme: string, hostname: string, port: number): string {
  const name = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return DEFAULT_PORTS[scheme] === port ? name : `${name}:${port}`;
}
