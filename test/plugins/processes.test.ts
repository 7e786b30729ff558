// Plugins in the several processes of one node: what they tell each other, and what rests on that.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { type Serving, serve, startUpstream, until } from '../cli/serving.ts';
import { handshake, onTls, serverTls } from '../gateway/tls-rig.ts';
import { opensslMissing } from './acme-authority.ts';
import { withAcme } from './acme-rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-processes-'));
after(() => rmSync(folder, { recursive: true }));

const TELLER = `
import { definePlugin, exit } from 'gwctl/plugin';
export default definePlugin({
  name: 'teller',
  priority: 1,
  version: '1.0.0',
  schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
  handler: async () => ({
    create(config, { events }) {
      const heard = [];
      events.subscribe('teller', (message) => {
        if (message.fails) throw new Error('cannot listen');
        heard.push(message.from);
      });
      return {
        access({ request }) {
          if (request.path === '/tell/all') events.publish('teller', { from: process.pid });
          if (request.path === '/tell/badly') events.publish('teller', { fails: true });
          return exit(200, { pid: process.pid, heard });
        },
      };
    },
  }),
});
`;

let gateway: Serving;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
let asked = 0;

before(async () => {
  upstream = await startUpstream((_request, response) => {
    asked += 1;
    response.setHeader('content-type', 'text/plain');
    response.end(String(asked));
  });
  mkdirSync(join(folder, 'teller'));
  writeFileSync(join(folder, 'teller/index.mjs'), TELLER);
  const state = join(folder, 'state.json');
  const cache = { strategy: 'memory', content_type: ['text/plain'], cache_ttl: 600 };
  writeFileSync(
    state,
    JSON.stringify({
      _format_version: '3.0',
      services: [
        {
          name: 's',
          url: `http://127.0.0.1:${upstream.port}`,
          routes: [
            { name: 'tell', paths: ['/tell'], plugins: [{ name: 'teller' }] },
            { name: 'cached', paths: ['/cached'], plugins: [{ name: 'proxy-cache', config: cache }] },
          ],
        },
      ],
    }),
  );
  const plugins = ['--plugins', `proxy-cache,${join(folder, 'teller')}`];
  gateway = await serve([state, '--workers', '2', '--proxy-access-log', 'off', ...plugins]);
});

after(() => {
  gateway?.child.kill('SIGKILL');
  upstream.server.closeAllConnections();
  upstream.server.close();
});

interface Told {
  readonly pid: number;
  readonly heard: readonly number[];
}

/** Each on a connection of its own: any process may take it. */
const get = (path: string): Promise<Response> => fetch(gateway.proxy + path, { headers: { connection: 'close' } });
const told = async (path: string): Promise<Told> => (await get(path)).json() as Promise<Told>;

test('what a plugin publishes is heard by all processes, by its own too', async () => {
  const { pid } = await told('/tell/all');
  const heard = new Map<number, readonly number[]>();
  await until(async () => {
    const answer = await told('/tell');
    if (answer.heard.length > 0) heard.set(answer.pid, answer.heard);
    return heard.size === 2;
  }, 'both heard of it');
  assert.deepEqual([...heard.values()], [[pid], [pid]]);
});

test('a listener that throws is told with the name of its plugin, and the process goes on', async () => {
  await told('/tell/badly');
  await until(() => gateway.output.stderr.split('plugin teller failed in a listener').length >= 3, 'both say it');
  assert.equal((await get('/tell')).status, 200);
});

test('the Admin API empties the caches of all processes', async () => {
  const some = (): Promise<number[]> =>
    Promise.all(Array.from({ length: 16 }, async () => Number(await (await get('/cached')).text())));
  let stored: number[] = [];
  await until(async () => {
    stored = await some();
    return new Set(stored).size === 2 && (await some()).every((one) => stored.includes(one));
  }, 'each process has stored an answer');
  assert.equal((await fetch(`${gateway.admin}/proxy-cache`, { method: 'DELETE' })).status, 204);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const last = Math.max(...stored);
  for (let i = 0; i < 5; i++) assert.ok((await some()).every((one) => one > last));
});

test('a challenge of acme is answered by a process that did not order, and the certificate is shown there', {
  skip: opensslMissing() ?? false,
}, async () => {
  let other: Gateway | undefined;
  const json = <V>(value: V): V => JSON.parse(JSON.stringify(value));
  await withAcme(
    { storage: 'shm', storage_config: { shm: { shm_name: 'kong' } } },
    async ({ gateway: first, store, authority, certificateOf, ask, logs }) => {
      other = await startGateway({
        store,
        plugins: bundledPlugins,
        listen: [{ host: '127.0.0.1', port: 0 }, onTls],
        tls: serverTls,
        events: { access: undefined, log: () => undefined },
        shared: {
          probes: 'here',
          onVerdict: () => undefined,
          onEvent: (topic, message) => first.adoptEvent(topic, json(message)),
        },
      });
      try {
        const [plain, secure] = other.addresses;
        authority.challengePort = plain!.port;
        await fetch(`http://127.0.0.1:${plain!.port}/`);
        await ask('one.test');
        assert.equal(await certificateOf('one.test'), 'one.test', logs.join('\n'));
        assert.equal((await handshake(secure!.port, { servername: 'one.test' })).name, 'one.test');
        assert.deepEqual(authority.orders, ['one.test']);
      } finally {
        await other.close(500);
      }
    },
    { store: 'declarative', onEvent: (topic, message) => other?.adoptEvent(topic, json(message)) },
  );
});
