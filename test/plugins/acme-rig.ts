// A gateway with the acme plugin, its Admin API, and an authority that orders go to.
import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPluginRoutes } from '../../src/admin/plugin-routes.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import type { ListenOn } from '../../src/gateway/listen/listener.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { createState } from '../../src/state/state.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { type Admin, startAdmin } from '../admin/rig.ts';
import { handshake, onTls, serverTls } from '../gateway/tls-rig.ts';
import { type Authority, startAuthority } from './acme-authority.ts';

export interface Rig {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly admin: Admin;
  readonly logs: string[];
  readonly authority: Authority;
  /** One request over TLS. */
  ask(host: string): Promise<number>;
  /** Its common name; waits for it. */
  certificateOf(host: string): Promise<string>;
}

export interface RigOptions {
  /** How long certificates are good for. */
  readonly days?: number;
  readonly store?: 'memory' | 'declarative';
  /** What other processes of the node are told. */
  readonly onEvent?: (topic: string, message: Json) => void;
  /** Besides one port of each kind. */
  readonly listen?: readonly ListenOn[];
}

export async function withAcme(
  config: JsonObject,
  run: (rig: Rig) => Promise<void>,
  { days, store: kind = 'memory', onEvent, listen = [] }: RigOptions = {},
): Promise<void> {
  const authority = await startAuthority(days);
  const schemas = createSchemas(bundledPlugins);
  const input = {
    name: 'acme',
    config: {
      account_email: 'admin@example.test',
      api_uri: authority.directory,
      domains: ['*.example.test', 'one.test'],
      cert_type: 'ecc',
      ...config,
    },
  };
  const processed = processEntity(schemas, schemaOf(schemas, 'plugins'), input, { auto: { now: () => Date.now() } });
  assert.ok(processed.ok, processed.ok ? '' : JSON.stringify(processed.errors));
  const state = createState(schemas).with([{ action: 'create', kind: 'plugins', entity: processed.entity }]);
  assert.ok(state.ok);
  const store = kind === 'memory' ? new MemoryStore(state.value) : new DeclarativeStore(state.value);
  const logs: string[] = [];
  const gateway = await startGateway({
    store,
    plugins: bundledPlugins,
    listen: [{ host: '127.0.0.1', port: 0 }, onTls, ...listen],
    tls: serverTls,
    ...(onEvent && { shared: { probes: 'here', onVerdict: () => undefined, onEvent } }),
    events: { access: undefined, log: (level, message) => logs.push(`${level} ${message}`) },
  });
  const [plain, secure] = gateway.addresses;
  authority.challengePort = plain!.port;
  const ask = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: secure!.port,
        servername: host,
        headers: { Host: host },
        rejectUnauthorized: false,
        agent: false,
      };
      httpsRequest(options, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  const certificateOf = async (host: string): Promise<string> => {
    for (let i = 0; ; i++) {
      const { name } = await handshake(secure!.port, { servername: host });
      if (name === host || i === 200) return name;
      await sleep(25);
    }
  };
  const pluginRoutes = await loadPluginRoutes(bundledPlugins, (entity) => gateway.openInstance(entity));
  const admin = await startAdmin({ store, pluginRoutes });
  try {
    await run({ gateway, store, admin, logs, authority, ask, certificateOf });
  } finally {
    await admin.close();
    await gateway.close(500);
    await authority.close();
  }
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(25);
  assert.ok(condition(), what);
}
