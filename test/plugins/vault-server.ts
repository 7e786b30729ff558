// Version 2 of Vault's key-value engine at `secret`, in memory: versions, check-and-set, keys that delete themselves; tokens,
// and the login of Kubernetes.
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

interface Secret {
  versions: { data: unknown; at: number }[];
  /** Milliseconds. */
  deleteAfter: number;
}

export interface VaultServer {
  readonly port: number;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Bodies of logins. */
  readonly logins: unknown[];
  /** That clients asked for over TLS. */
  readonly serverNames: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface VaultOptions {
  readonly token: string;
  /** For https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export async function startVault({ token, tls }: VaultOptions): Promise<VaultServer> {
  const secrets = new Map<string, Secret>();
  const logins: unknown[] = [];
  const serverNames = new Set<string>();
  const isGone = ({ versions, deleteAfter }: Secret): boolean =>
    deleteAfter > 0 && Date.now() > (versions.at(-1)?.at ?? 0) + deleteAfter;
  const server = tls === undefined ? createHttp() : createHttps(tls);
  server.on('secureConnection', ({ servername }: TLSSocket) => serverNames.add(String(servername)));
  server.on('request', async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const answer = (status: number, content?: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(content === undefined ? '' : JSON.stringify(content));
    };
    if (request.url === '/v1/auth/cluster/login') {
      logins.push(body);
      return answer(200, { auth: { client_token: token, lease_duration: 3600 } });
    }
    if (request.headers['x-vault-token'] !== token) return answer(403, { errors: ['permission denied'] });
    const listed = /^\/v1\/secret\/metadata\/([^/]+)\?list=true$/.exec(request.url!)?.[1];
    if (listed !== undefined) {
      const names = [...secrets.keys()].filter((one) => one.startsWith(`${listed}/`));
      const keys = names.map((one) => one.slice(listed.length + 1));
      return keys.length === 0 ? answer(404, { errors: [] }) : answer(200, { data: { keys } });
    }
    const [, area, name] = /^\/v1\/secret\/(data|metadata)\/([^/]+\/[^/]+)$/.exec(request.url!) ?? [];
    if (area === undefined || name === undefined) return answer(404, { errors: [] });
    const key = decodeURIComponent(name);
    const secret = secrets.get(key);
    if (area === 'metadata') {
      if (request.method === 'DELETE') secrets.delete(key);
      else {
        const seconds = /^(\d+)s$/.exec(String(body['delete_version_after']))?.[1];
        if (seconds === undefined) return answer(400, { errors: ['a duration'] });
        secrets.set(key, { versions: secret?.versions ?? [], deleteAfter: Number(seconds) * 1000 });
      }
      return answer(204);
    }
    const version = secret?.versions.length ?? 0;
    if (request.method === 'GET') {
      if (secret === undefined || version === 0) return answer(404, { errors: [] });
      const metadata = { version, deletion_time: '', destroyed: false };
      if (isGone(secret)) return answer(404, { data: { data: null, metadata } });
      return answer(200, { data: { data: secret.versions.at(-1)!.data, metadata } });
    }
    const cas = (body['options'] as { cas?: number } | undefined)?.cas;
    if (cas !== undefined && cas !== version) {
      return answer(400, { errors: ['check-and-set parameter did not match the current version'] });
    }
    const versions = [...(secret?.versions ?? []), { data: body['data'], at: Date.now() }];
    secrets.set(key, { versions, deleteAfter: secret?.deleteAfter ?? 0 });
    return answer(200, { data: { version: version + 1 } });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    secrets,
    logins,
    serverNames,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
