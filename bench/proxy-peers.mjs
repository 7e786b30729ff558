// The proxies that ours is measured against: each in front of the same backend, with one thread, for clear text, TLS with
// HTTP/2, and WebSockets. Those that are not installed are left out, and the bench says so.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PROXY_CORE, startNginx } from './nginx.mjs';
import { folder, ROOT, start } from './rig.mjs';

const CERTIFICATE = join(ROOT, 'fixtures/tls/upstream.pem');
const KEY = join(ROOT, 'fixtures/tls/upstream.key.pem');
const NAME = 'upstream.test';

export const tlsEnvironment = { KONG_SSL_CERT: CERTIFICATE, KONG_SSL_CERT_KEY: KEY };

export function isInstalled(tool) {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const nginx = (ports, backend, sockets) =>
  startNginx(
    'peer',
    `upstream backend { server 127.0.0.1:${backend}; keepalive 512; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${ports.plain} backlog=1024; listen 127.0.0.1:${ports.tls} ssl http2 backlog=1024;
    ssl_certificate ${CERTIFICATE}; ssl_certificate_key ${KEY};
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /ws { proxy_pass http://127.0.0.1:${sockets}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; } }`,
    PROXY_CORE,
  );

function haproxy(ports, backend, sockets) {
  const both = join(folder, 'haproxy.pem');
  writeFileSync(both, readFileSync(CERTIFICATE, 'utf8') + readFileSync(KEY, 'utf8'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend all
  bind 127.0.0.1:${ports.plain} backlog 1024
  bind 127.0.0.1:${ports.tls} ssl crt ${both} alpn h2,http/1.1 backlog 1024
  use_backend sockets if { path_beg /ws }
  default_backend backend
backend backend
  http-reuse always
  server one 127.0.0.1:${backend}
backend sockets
  server one 127.0.0.1:${sockets}
`,
  );
  return start('haproxy', ['-db', '-f', file], { core: PROXY_CORE });
}

function caddy(ports, backend, sockets) {
  const file = join(folder, 'Caddyfile');
  const routes = `handle /ws* {
    reverse_proxy 127.0.0.1:${sockets}
  }
  handle {
    reverse_proxy 127.0.0.1:${backend}
  }`;
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
  default_sni ${NAME}
}
http://:${ports.plain} {
  ${routes}
}
https://:${ports.tls} {
  tls ${CERTIFICATE} ${KEY}
  ${routes}
}
`,
  );
  const env = { GOMAXPROCS: '1', XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { core: PROXY_CORE, env });
}

const KNOWN = { nginx, haproxy, caddy };
export const PEERS = Object.keys(KNOWN);

/** @param ports of that peer: `plain` and `tls`. */
export async function startPeer(name, ports, backend, sockets) {
  const child = KNOWN[name](ports, backend, sockets);
  await listening(ports.plain, name);
  await listening(ports.tls, name);
  return { name, pid: child.pid, ports };
}

/** Resolves once something takes connections there. */
export async function listening(port, name) {
  for (let i = 0; i < 100; i++) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(true));
      socket.on('error', () => resolve(false));
      setTimeout(() => socket.destroy(), 1_000).unref();
      socket.on('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} does not listen on ${port}`);
}
