// What can go wrong with the gateway or the files: one clear message, a non-zero exit code, and nothing changed that is
// not told.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { type Gateway, gwctl, startGateway, startServer } from './rig.ts';

const STATE = '_format_version: "3.0"\nservices:\n- name: orders\n  host: orders.internal\n';

/** A server that answers every request the same. */
const startAnswering = (status: number, body: string, type = 'application/json') =>
  startServer((_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  });

async function errorOf(status: number, body: string, type?: string): Promise<string> {
  const server = await startAnswering(status, body, type);
  try {
    const { code, out, err } = await gwctl(['diff', '-', '--kong-addr', server.address], { input: STATE });
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.doesNotMatch(err, /\n\s+at /, 'a stack is shown');
    return err.replaceAll(server.address, 'ADDRESS');
  } finally {
    await server.close();
  }
}

describe('an Admin API that does not work', () => {
  it('is unreachable', async () => {
    const server = await startAnswering(200, '{}');
    await server.close();
    for (const command of ['ping', 'diff', 'sync', 'dump']) {
      const run = await gwctl(
        [command, ...(command === 'diff' || command === 'sync' ? ['-'] : []), '--kong-addr', server.address],
        { input: STATE },
      );
      assert.equal(run.code, 1);
      assert.equal(run.out, '');
      assert.match(
        run.err,
        /^Error: cannot reach the Admin API at http:\/\/127\.0\.0\.1:\d+: connection refused\nHint: /,
      );
    }
  });

  it('wants credentials', async () => {
    assert.match(
      await errorOf(401, '{"message":"Unauthorized"}'),
      /^Error: GET \/ answered status 401: Unauthorized\nHint: Pass --kong-admin-token/,
    );
    assert.match(await errorOf(403, '{"message":"no"}'), /^Error: GET \/ answered status 403: no\n/);
  });

  it('is no Admin API', async () => {
    assert.match(
      await errorOf(200, '<html>hello</html>', 'text/html'),
      /^Error: ADDRESS is not the Admin API of a gateway: GET \/ answered something that is no JSON object\nHint: Point --kong-addr/,
    );
    assert.match(await errorOf(200, '{"hello":"world"}'), /GET \/ tells no version/);
    assert.match(
      await errorOf(404, '{"message":"no Route matched with those values"}'),
      /is not the Admin API of a gateway/,
    );
    assert.match(await errorOf(302, ''), /Error: GET \/ answered status 302/);
  });

  it('fails again and again', async () => {
    assert.match(
      await errorOf(500, '{"message":"An unexpected error occurred"}'),
      /^Error: GET \/ answered status 500: An unexpected error occurred/,
    );
    assert.match(await errorOf(502, '<html>bad gateway</html>', 'text/html'), /^Error: GET \/ answered status 502\n/);
  });

  it('recovers while it is read', async () => {
    let calls = 0;
    const server = await startServer((request, response) => {
      calls++;
      if (calls % 2 === 1) response.writeHead(503).end('{}');
      else response.writeHead(200).end(request.url === '/' ? '{"version":"3.9.1"}' : '{"data":[]}');
    });
    const { code, out } = await gwctl(['ping', '--kong-addr', server.address]);
    await server.close();
    assert.equal(code, 0);
    assert.equal(out, 'Successfully connected to Kong!\nKong version:  3.9.1\n');
  });

  it('answers a list that never ends', async () => {
    const server = await startServer((request, response) => {
      response.end(request.url === '/' ? '{"version":"3.9.1"}' : '{"data":[],"offset":"again"}');
    });
    const run = await gwctl(['dump', '--kong-addr', server.address]);
    await server.close();
    assert.equal(run.code, 1);
    assert.match(run.err, /answers the same page again and again/);
  });

  it('does not answer in time', async () => {
    const server = await startServer(() => undefined);
    const run = await gwctl(['ping', '--timeout', '1', '--kong-addr', server.address]);
    await server.close();
    assert.equal(run.code, 1);
    assert.match(run.err, /no answer within 1 s/);
  });
});

describe('headers and tokens', () => {
  it('are sent with every request, and flags beat variables', async () => {
    const seen: string[] = [];
    const server = await startServer((request, response) => {
      seen.push(`${String(request.headers['kong-admin-token'])} ${String(request.headers['x-team'])} ${request.url}`);
      response.end('{"version":"3.9.1"}');
    });
    const env = {
      DECK_KONG_ADDR: 'http://127.0.0.1:1',
      GWCTL_KONG_ADDR: server.address,
      DECK_KONG_ADMIN_TOKEN: 'from-variable',
    };
    await gwctl(['ping', '--headers', 'x-team: payments'], { env });
    await gwctl(['ping', '--kong-admin-token', 'from-flag', '--headers', 'x-team:a', '--headers', 'x-other:b'], {
      env,
    });
    await server.close();
    assert.deepEqual(seen, ['from-variable payments /', 'from-flag a /']);
  });

  it('that make no sense are refused', async () => {
    const run = await gwctl(['ping', '--headers', 'secret-without-colon']);
    assert.deepEqual([run.code, run.out], [1, '']);
    assert.match(run.err, /^Error: a header is written name:value/);
    assert.doesNotMatch(run.err, /secret-without-colon/);
    assert.match(
      (await gwctl(['ping', '--kong-addr', 'ftp://x'])).err,
      /^Error: 'ftp:\/\/x' is no address of an Admin API/,
    );
    assert.match((await gwctl(['ping', '--tls-client-cert', 'x'])).err, /^Error: a client certificate needs its key/);
    assert.match((await gwctl(['ping', '--nonsense'])).err, /^Error: Nonexistent flag: --nonsense/);
    assert.equal(
      (await gwctl(['file/add-tags'])).err,
      'Error: Missing 1 required arg:\ntag  tags to add\nHint: Run the command with --help for its flags and examples.\n',
    );
  });
});

/** The gateway of this project behind a listener that may answer first. */
async function startBetween(
  answer: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<{ address: string; gateway: Gateway; close(): Promise<void> }> {
  const gateway = await startGateway();
  const server = await startServer((request, response) => {
    if (answer(request, response)) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const reply = await fetch(gateway.address + request.url, {
        method: request.method ?? 'GET',
        headers: { 'content-type': 'application/json' },
        ...(request.method === 'PUT' ? { body: Buffer.concat(chunks) } : {}),
      });
      response.writeHead(reply.status).end(Buffer.from(await reply.arrayBuffer()));
    });
  });
  return {
    address: server.address,
    gateway,
    async close() {
      await server.close();
      await gateway.close();
    },
  };
}

const MANY = `_format_version: "3.0"\nservices:\n${Array.from({ length: 6 }, (_, i) => `- name: s${i}\n  host: h${i}.internal\n`).join('')}`;

describe('a sync that does not finish', () => {
  it('says what was done, what failed and why, and what was not started', async () => {
    let writes = 0;
    const between = await startBetween((request, response) => {
      if (request.method !== 'PUT' || ++writes < 3) return false;
      response.writeHead(400).end('{"message":"schema violation (host: bad)","fields":{"host":"bad"},"code":2}');
      return true;
    });
    const run = await gwctl(['sync', '-', '--no-bulk', '--parallelism', '1', '--kong-addr', between.address], {
      input: MANY,
    });
    assert.equal(run.code, 1);
    assert.match(
      run.out,
      /creating service s0\ncreating service s1\ncreating service s2\nSummary:\n {2}Created: 2\n {2}Updated: 0\n {2}Deleted: 0\n$/,
    );
    assert.match(run.err, /^Error: the sync did not finish: 2 done, 1 failed, 3 not started\n/);
    assert.match(
      run.err,
      /Failed creation service s2: PUT \/services\/[0-9a-f-]+ answered status 400: schema violation \(host: bad\)\n\s+host: bad\n\s+at <stdin>:7:3\n/,
    );
    assert.match(
      run.err,
      / {2}Dropped creation service s3\n {2}Dropped creation service s4\n {2}Dropped creation service s5\n/,
    );
    assert.match(run.err, /Hint: What was done stays done\./);
    assert.equal(between.gateway.state.count('services'), 2);
    assert.equal(writes, 3, 'a refusal is not tried again');
    await between.close();
  });

  it('reports the same as JSON, still with exit code 1', async () => {
    let writes = 0;
    const between = await startBetween((request, response) => {
      if (request.method !== 'PUT' || ++writes < 3) return false;
      response.writeHead(409).end('{"message":"UNIQUE violation","fields":{"name":"s2"},"code":5}');
      return true;
    });
    const run = await gwctl(
      ['sync', '-', '--no-bulk', '--parallelism', '1', '--json-output', '--kong-addr', between.address],
      {
        input: MANY,
      },
    );
    await between.close();
    assert.equal(run.code, 1);
    const report = JSON.parse(run.out);
    assert.deepEqual(report.summary, { creating: 2, updating: 0, deleting: 0, total: 2 });
    assert.deepEqual(
      report.changes.dropped_creations.map(({ name }: { name: string }) => name),
      ['s2', 's3', 's4', 's5'],
    );
    assert.equal(report.errors.length, 1);
    assert.match(report.errors[0], /UNIQUE violation/);
  });

  it('hides secrets that the gateway repeats', async () => {
    const between = await startBetween((request, response) => {
      if (request.method !== 'PUT' || request.url?.includes('key-auth') !== true) return false;
      response.writeHead(400).end('{"message":"bad key: s3cr3t-value","fields":{"key":"s3cr3t-value"}}');
      return true;
    });
    const input = '_format_version: "3.0"\nconsumers:\n- username: bob\n  keyauth_credentials: [{key: s3cr3t-value}]\n';
    const { err, out, code } = await gwctl(['sync', '-', '--no-bulk', '--kong-addr', between.address], { input });
    await between.close();
    assert.equal(code, 1);
    assert.match(err, /bad key: \[hidden\]\n\s+key: \[hidden\]/);
    assert.doesNotMatch(err + out, /s3cr3t-value/);
  });

  it('tries faults that pass again', async () => {
    let faults = 0;
    const between = await startBetween((request, response) => {
      if (request.method !== 'PUT' || ++faults > 4) return false;
      if (faults === 1) response.writeHead(503, { 'retry-after': '1' }).end();
      else if (faults === 2) response.writeHead(429).end('{}');
      else if (faults === 3) response.writeHead(500).end('{"message":"busy"}');
      else response.destroy();
      return true;
    });
    const run = await gwctl(['sync', '-', '--no-bulk', '--parallelism', '1', '--kong-addr', between.address], {
      input: MANY,
    });
    assert.deepEqual([run.code, run.err], [0, '']);
    assert.equal(between.gateway.state.count('services'), 6);
    await between.close();
  });

  it('finishes requests under way when it is interrupted', async () => {
    let interrupt: (signal: NodeJS.Signals) => void = () => undefined;
    let writes = 0;
    const between = await startBetween((request) => {
      if (request.method === 'PUT' && ++writes === 2) interrupt('SIGTERM');
      return false;
    });
    const run = await gwctl(['sync', '-', '--no-bulk', '--parallelism', '1', '--kong-addr', between.address], {
      input: `_format_version: "3.0"\nservices:\n${Array.from({ length: 500 }, (_, i) => `- name: s${i}\n  host: h.internal\n`).join('')}`,
      onStart: (kill) => {
        interrupt = kill;
      },
    });
    assert.equal(run.code, 1);
    assert.match(run.err, /received SIGTERM: finishing the requests under way\n/);
    const [, done, failed, notStarted] =
      /the sync was interrupted: (\d+) done, (\d+) failed, (\d+) not started/.exec(run.err) ?? [];
    assert.equal(failed, '0');
    assert.ok(Number(done) >= 2 && Number(done) + Number(notStarted) === 500);
    assert.equal(between.gateway.state.count('services'), Number(done));
    await between.close();
  });
});

describe('what a message repeats', () => {
  const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

  it('of a file does nothing to the terminal', async () => {
    const run = await gwctl(['validate', '-'], {
      input: '_format_version: "3.0"\nservices:\n- host: a.test\n  tags: ["\\e[2J\\e]0;t\\a\u202e"]\n',
    });
    assert.equal(run.code, 1);
    assert.ok(run.err.includes("invalid tag '\\u001b[2J\\u001b]0;t\\u0007\\u202e'"), run.err);
    assert.doesNotMatch(run.err, CONTROLS);
  });

  it('of a gateway does nothing to the terminal', async () => {
    const err = await errorOf(500, JSON.stringify({ message: 'no \u001b[31m\u009b2Jstore' }));
    assert.match(err, /no \\u001b\[31m\\u009b2Jstore/);
    assert.doesNotMatch(err, CONTROLS);
  });
});

describe('files that are wrong', () => {
  it('are all reported and nothing is asked or written', async () => {
    const gateway = await startGateway();
    const run = await gwctl(['sync', '-', '--kong-addr', gateway.address], {
      input:
        '_format_version: "3.0"\nservices:\n- name: a\n  hots: x\nroutes:\n- service: b\n  name: r\n  paths: [/]\n',
    });
    assert.equal(run.code, 1);
    assert.equal(run.out, '');
    assert.match(run.err, /^Error: 3 problems in the state\n/);
    assert.match(run.err, /<stdin>:3:3: error: host: required field missing/);
    assert.match(
      run.err,
      /<stdin>:4:3: error: unknown field 'hots'\n.*\n> 4 \| {3}hots: x\n.*\^\n.*\n.*\n {2}hint: did you mean 'host'\?/,
    );
    assert.match(run.err, /<stdin>:6:12: error: there is no 'b' among the services of these files/);
    assert.deepEqual(
      gateway.requests.filter((line) => !line.endsWith(' /')),
      [],
    );
    await gateway.close();
  });

  it('without any entity do not delete everything by mistake', async () => {
    const gateway = await startGateway();
    await gwctl(['sync', '-', '--kong-addr', gateway.address], { input: STATE });
    const refused = await gwctl(['sync', '-', '--kong-addr', gateway.address], { input: '' });
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /^Error: the state is empty: sync would delete everything on the gateway \(1\)\nHint: .*--allow-empty/,
    );
    assert.equal(gateway.state.count('services'), 1);
    const wanted = await gwctl(['sync', '-', '--allow-empty', '--kong-addr', gateway.address], { input: '' });
    assert.deepEqual(wanted, {
      code: 0,
      out: 'deleting service orders\nSummary:\n  Created: 0\n  Updated: 0\n  Deleted: 1\n',
      err: '',
    });
    await gateway.close();
  });
});
