// Expressions from the file to the upstream, and refused by the Admin API when they cannot be read.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createAdminServer } from '../../src/admin/server.ts';
import { loadTexts } from '../../src/control/file/load.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { echo, startUpstream } from './rig.ts';

const upstream = await startUpstream(echo);
const schemas = createSchemas(bundledPlugins, { routerFlavor: 'expressions' });
const text = JSON.stringify({
  _format_version: '3.0',
  services: [
    {
      name: 's',
      url: `http://127.0.0.1:${upstream.port}/base`,
      routes: [
        { name: 'paged', expression: 'http.path ^= "/items" && http.queries.page ~ r#"^\\d+$"#', priority: 2 },
        { name: 'items', expression: 'http.path ^= "/items" && net.src.ip in 127.0.0.0/8', priority: 1 },
        { name: 'far', expression: 'net.src.ip not in 127.0.0.0/8', priority: 9 },
        { name: 'kept', expression: 'http.path.segments.0 == "kept" && http.headers.x_any == "1"', strip_path: false },
        { name: 'classic', paths: ['/items', '/classic'] },
      ],
    },
  ],
});
const loaded = await loadTexts([{ name: 'test', text }], { schemas, ids: 'deterministic' });
assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.diagnostics));
const store = new MemoryStore(loaded.state);
const logs: string[] = [];
const gateway = await startGateway({
  store,
  plugins: bundledPlugins,
  listen: [{ host: '127.0.0.1', port: 0 }],
  routerFlavor: 'expressions',
  events: { access: () => undefined, log: (level, message) => logs.push(`${level} ${message}`) },
});
const proxy = `http://127.0.0.1:${gateway.addresses[0]!.port}`;

after(async () => {
  await gateway.close(0);
  await upstream.close();
});

/** What arrived upstream, or the status without an upstream. */
async function sent(path: string, headers: Record<string, string> = {}): Promise<string | number> {
  const response = await fetch(`${proxy}${path}`, { headers });
  return response.ok ? ((await response.json()) as { target: string }).target : response.status;
}

test('expressions decide by path, query, header and address, and say what is stripped', async () => {
  assert.equal(await sent('/items/7?page=2'), '/base/7?page=2');
  assert.equal(await sent('/items/7?page=x'), '/base/7?page=x');
  assert.equal(await sent('/kept/1', { 'x-any': '1' }), '/base/kept/1');
  assert.equal(await sent('/kept/1'), 404);
  assert.equal(await sent('/classic/1'), '/base/1');
  assert.deepEqual(logs, []);
});

test('the Admin API refuses what cannot be read, and says where', async () => {
  const admin = createAdminServer({
    store,
    // Only what describes the node asks for it.
    node: {} as never,
    auto: { now: () => Date.now() },
    onError: (error) => logs.push(String(error)),
  });
  await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
  const { port } = admin.address() as AddressInfo;
  const post = async (expression: string): Promise<[status: number, message: string]> => {
    const body = JSON.stringify({ expression });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}/routes`, { method: 'POST', headers, body });
    return [response.status, ((await response.json()) as { message?: string }).message ?? ''];
  };
  const [status, message] = await post('http.path = "/"');
  assert.equal(status, 400);
  assert.match(
    message,
    /Router Expression failed validation: {2}--> 1:11\n.*\n.*\n.*\n.*\n {2}= expected binary_operator/,
  );
  assert.equal((await post('http.path ^= "/new" && http.method == "PUT"'))[0], 201);
  assert.equal((await fetch(`${proxy}/new`, { method: 'PUT' })).status, 503, 'routed, but the route has no service');
  admin.close();
  admin.closeAllConnections();
});
