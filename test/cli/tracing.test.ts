// What KONG_TRACING_* says reaches the plugins of a process that serves alone, and of workers.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve, startUpstream, until } from './serving.ts';

const folder = await mkdtemp(join(tmpdir(), 'gwctl-tracing-'));
const file = join(folder, 'state.yaml');
let upstream: Awaited<ReturnType<typeof startUpstream>>;

before(async () => {
  upstream = await startUpstream((incoming, response) => response.end(incoming.headers['traceparent']));
  await writeFile(
    file,
    `_format_version: "3.0"
services: [{name: echo, url: "http://127.0.0.1:${upstream.port}", routes: [{name: echo, paths: [/]}]}]
plugins: [{name: opentelemetry, config: {traces_endpoint: "http://127.0.0.1:${upstream.port}/v1/traces"}}]
`,
  );
});
after(async () => {
  upstream.server.closeAllConnections();
  upstream.server.close();
  await rm(folder, { recursive: true });
});

const WARNING = /no spans are made.*tracing_instrumentations/;

for (const workers of [1, 2]) {
  for (const [text, environment, flag, isWarned] of [
    ['all and 1.0', { KONG_TRACING_INSTRUMENTATIONS: 'all', KONG_TRACING_SAMPLING_RATE: '1.0' }, '01', false],
    ['nothing', {}, '00', true],
  ] as const) {
    test(`with ${workers} process(es) and ${text} the upstream is told ${flag}`, async () => {
      const few = ['--workers', String(workers), '--proxy-access-log', 'off', '--plugins', 'opentelemetry'];
      const gateway = await serve([file, ...few], environment);
      const traceparent = await (await fetch(gateway.proxy)).text();
      assert.match(traceparent, new RegExp(`^00-[0-9a-f]{32}-[0-9a-f]{16}-${flag}$`));
      if (isWarned) await until(() => WARNING.test(gateway.output.stderr), 'the warning');
      else assert.doesNotMatch(gateway.output.stderr, WARNING);
      gateway.child.kill('SIGTERM');
      assert.equal(await gateway.ended, 0, gateway.output.stderr);
    });
  }
}
