// apply, reset, dump, workspaces, one call for everything, journals: what the commands for a gateway do beyond diff and sync.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createState } from '../../src/state/state.ts';
import { type Gateway, gwctl, startGateway, startServer } from './rig.ts';
import { openShell, type Shell } from './shell.ts';

let gateway: Gateway;
let shell: Shell;
before(async () => {
  gateway = await startGateway();
  shell = openShell();
});
beforeEach(async () => {
  await gateway.store.replace(createState(gateway.state.schemas));
  gateway.requests.length = 0;
});
after(async () => {
  shell.close();
  await gateway.close();
});

const HEAD = '_format_version: "3.0"\n';
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'gwctl-'));
const run = (args: string[], input = '', env: Record<string, string> = {}) =>
  shell.run([...args, '--kong-addr', gateway.address], { input, env });
const sync = (text: string, ...args: string[]) => run(['sync', '-', ...args], HEAD + text);
const names = (kind: string, field = 'name'): unknown[] =>
  gateway.state
    .list(kind)
    .map((entity) => entity[field])
    .sort();

const TWO = 'services:\n- {name: a, host: h, tags: [x]}\n- {name: b, host: h}\n';

describe('reset', () => {
  it('deletes nothing unless somebody confirms it', async () => {
    await sync(TWO);
    const refused = await run(['reset']);
    assert.deepEqual([refused.code, refused.out], [1, '']);
    assert.match(refused.err, /^Error: nobody confirmed it, and nothing was changed\nHint: .*--force/);
    assert.equal(gateway.state.count('services'), 2);
    const done = await run(['reset', '--force']);
    assert.match(
      done.out,
      /^deleting service a\ndeleting service b\nSummary:\n {2}Created: 0\n {2}Updated: 0\n {2}Deleted: 2\n/,
    );
    assert.equal(gateway.state.count('services'), 0);
  });

  it('reports as JSON too', async () => {
    await sync(TWO);
    const done = await run(['reset', '-f', '--json-output']);
    assert.equal(JSON.parse(done.out).summary.deleting, 2);
  });
});

describe('apply', () => {
  it('refuses to take over what has another id', async () => {
    await sync('services:\n- {name: a, host: h, id: 11111111-1111-4111-8111-111111111111}\n');
    const refused = await run(
      ['apply', '-'],
      `${HEAD}services:\n- {name: a, host: h, id: 22222222-2222-4222-8222-222222222222}\n`,
    );
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /^Error: an entity of the files clashes with one that the gateway has\n {2}services: unique \(name\), held by 1111/,
    );
  });

  it('says what it cannot find anywhere', async () => {
    const refused = await run(['apply', '-'], `${HEAD}routes:\n- {name: r, paths: [/], service: {name: nowhere}}\n`);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /there is no 'nowhere' among the services/);
  });
});

describe('one call for everything', () => {
  const writes = (): string[] => gateway.requests.filter((line) => !line.startsWith('GET '));

  it('is made where the gateway takes it', async () => {
    await sync(TWO);
    assert.deepEqual(writes(), ['POST /-/apply']);
  });

  it('is not made with --no-bulk', async () => {
    await sync(TWO, '--no-bulk');
    assert.equal(writes().length, 2);
    assert.ok(writes().every((line) => line.startsWith('PUT /services/')));
  });

  it('changes nothing when one thing is wrong, and names it', async () => {
    // The name is taken by an entity that reading with tags does not show.
    const server = await startServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
        if (request.url === '/-/apply') body.changes[1].entity.port = 123456;
        const reply = await fetch(gateway.address + request.url, {
          method: String(request.method),
          headers: { 'content-type': 'application/json' },
          ...(request.method === 'POST' ? { body: JSON.stringify(body) } : {}),
        });
        response.writeHead(reply.status).end(await reply.text());
      });
    });
    const failed = await shell.run(['sync', '-', '--kong-addr', server.address], { input: HEAD + TWO });
    await server.close();
    assert.equal(failed.code, 1);
    assert.match(failed.err, /Failed creation service b: POST \/-\/apply answered status 400: .*port/);
    assert.match(failed.err, /at <stdin>:4:3\n {2}Dropped creation service a\n/);
    assert.equal(gateway.state.count('services'), 0);
  });

  it('is told as unknown only when nothing can be read back', async () => {
    let isGone = false;
    const server = await startServer(async (request, response) => {
      if (isGone) return void response.destroy();
      if (request.url === '/-/apply') {
        isGone = true;
        return void response.destroy();
      }
      response.end(await (await fetch(gateway.address + request.url)).text());
    });
    const failed = await gwctl(['sync', '-', '--timeout', '1', '--kong-addr', server.address], { input: HEAD + TWO });
    await server.close();
    assert.match(failed.err, /the sync did not finish: 0 done, 0 failed, 1 not known, 1 not started/);
  });
});

describe('a dump', () => {
  const FULL = `services:\n- name: a\n  host: h\n  tags: [x]\n  routes: [{name: r, paths: [/]}]\nconsumers:\n- username: u\n  keyauth_credentials: [{key: canary-canary}]\n- username: v\n  tags: [y]\nplugins: [{name: rate-limiting, service: a, consumer: u, config: {minute: 1}}]\n`;

  for (const by of ['kind', 'tag']) {
    it(`in one file for each ${by} is the same again when read together`, async () => {
      await sync(FULL);
      const folder = join(newFolder(), 'states');
      const dump = await run(['dump', '-o', folder, '--split-by', by]);
      assert.deepEqual([dump.code, dump.err], [0, '']);
      assert.deepEqual(
        readdirSync(folder).sort(),
        by === 'kind' ? ['consumers.yaml', 'plugins.yaml', 'services.yaml'] : ['untagged.yaml', 'x.yaml', 'y.yaml'],
      );
      const diff = await run(['diff', folder, '--non-zero-exit-code']);
      assert.deepEqual([diff.code, diff.err], [0, '']);
      const again = await run(['dump', '-o', folder, '--split-by', by]);
      assert.equal(again.code, 1, 'files are not overwritten by themselves');
    });
  }

  it('that is sanitized has no secret, and the same marks with the same salt', async () => {
    await sync(FULL);
    const dumps = [];
    for (const salt of ['one', 'one', 'two']) {
      dumps.push((await run(['dump', '--sanitize', '--sanitization-salt', salt])).out);
    }
    assert.doesNotMatch(dumps[0]!, /canary/);
    assert.match(dumps[0]!, /- key: [0-9a-f]{32}\n/);
    assert.equal(dumps[0], dumps[1]);
    assert.notEqual(dumps[0], dumps[2]);
  });

  it('leaves out what the gateway fills in with --skip-defaults', async () => {
    await sync(FULL);
    const { out } = await run(['dump', '--skip-defaults']);
    assert.equal(
      out,
      [
        '_format_version: "3.0"',
        'consumers:',
        '- keyauth_credentials:',
        '  - key: canary-canary',
        '  username: u',
        '- tags:',
        '  - "y"',
        '  username: v',
        'plugins:',
        '- config:',
        '    minute: 1',
        '  consumer: u',
        '  name: rate-limiting',
        '  service: a',
        'services:',
        '- host: h',
        '  name: a',
        '  routes:',
        '  - name: r',
        '    paths:',
        '    - /',
        '  tags:',
        '  - x',
        '',
      ].join('\n'),
    );
  });

  it('tells of passwords that are hashes, and these stay when other fields change', async () => {
    await sync('consumers:\n- username: u\n  basicauth_credentials: [{username: joe, password: s3cret}]\n');
    const hash = gateway.state.list('basicauth_credentials')[0]!['password'];
    const dump = await run(['dump']);
    assert.match(dump.err, /^Warning: password of 1 basic-auth can only be read as a hash/);
    assert.ok(dump.out.includes(String(hash)));
    gateway.requests.length = 0;
    const changed = dump.out.replace('    username: joe', '    username: joe\n    tags: [t]');
    const done = await run(['sync', '-'], changed);
    assert.deepEqual([done.code, done.err], [0, '']);
    assert.match(done.out, /Updated: 1/);
    const [credential] = gateway.state.list('basicauth_credentials');
    assert.deepEqual([credential!['password'], credential!['tags']], [hash, ['t']]);

    await gateway.store.replace(createState(gateway.state.schemas));
    const elsewhere = await run(['diff', '-'], dump.out);
    assert.equal(
      elsewhere.err,
      'Warning: the password of basic-auth joe for consumer u looks like a hash, and would be hashed once more\n',
    );
  });
});

describe('passwords that the gateway keeps as a hash', () => {
  const file = (password: string, more = ''): string =>
    `consumers:\n- username: u\n  basicauth_credentials: [{username: joe, password: ${password}${more}}]\n`;
  const stored = () => gateway.state.list('basicauth_credentials')[0]!;

  it('are seen to change, masked on both sides, and are written once', async () => {
    await sync(file('first-s3cret'));
    const [before, consumer] = [stored(), gateway.state.list('consumers')[0]!];
    const header = '_format_version: "3.0"\n';
    const diff = await run(['diff', '-'], header + file('second-s3cret'));
    assert.deepEqual([diff.code, diff.err], [0, '']);
    assert.match(
      diff.out,
      /updating basic-auth joe for consumer u {2}\{\n- {2}password: \[secret \w+\]\n\+ {2}password: \[secret \w+\]\n \}/,
    );
    assert.ok(!/s3cret/.test(diff.out) && !diff.out.includes(String(before['password'])));
    const done = await run(['sync', '-'], header + file('second-s3cret'));
    assert.match(done.out, /Updated: 1/);
    assert.equal(stored()['password'], createHash('sha1').update(`second-s3cret${consumer.id}`).digest('hex'));
    const again = await run(['diff', '-'], header + file('second-s3cret'));
    assert.match(again.out, /Updated: 0/);
  });

  it('stay where nobody can tell what the hash was made from, and one sentence says so', async () => {
    await sync(file('s3cret'));
    const hash = stored()['password'];
    const foreign = `_format_version: "3.0"\n${file(`"${'ab'.repeat(20)}"`, ', tags: [t]')}`;
    const done = await run(['sync', '-'], foreign);
    assert.equal(
      done.err,
      'Warning: the password of 1 basic-auth cannot be compared with the hash on the gateway, and stays\n',
    );
    assert.match(done.out, /Updated: 1/);
    assert.deepEqual([stored()['password'], stored()['tags']], [hash, ['t']]);
  });

  it('of clients of oauth2 are compared as well', async () => {
    const client = (secret: string): string =>
      `consumers:\n- username: u\n  oauth2_credentials: [{name: app, client_id: c, client_secret: ${secret}, hash_secret: true, redirect_uris: ["https://a.test/"]}]\n`;
    await sync(client('first-s3cret'));
    const same = await run(['diff', '-'], `_format_version: "3.0"\n${client('first-s3cret')}`);
    assert.deepEqual([same.err, /Updated: 0/.test(same.out)], ['', true]);
    const other = await run(['diff', '-'], `_format_version: "3.0"\n${client('second-s3cret')}`);
    assert.deepEqual([other.err, /Updated: 1/.test(other.out)], ['', true]);
  });
});

describe('a credential', () => {
  const INCOMPLETE: Record<string, [string, string]> = {
    'without key': ['keyauth_credentials: [{tags: [t]}]', 'key'],
    'with an id and no key': ['keyauth_credentials: [{id: 5b6e4a3c-91ab-4f0e-8b43-0f6ad9a3e001}]', 'key'],
    'of hmac-auth without secret': ['hmacauth_credentials: [{username: u}]', 'secret'],
    'of jwt without secret': ['jwt_secrets: [{key: k, algorithm: HS256}]', 'secret'],
    'of jwt without algorithm': ['jwt_secrets: [{key: k, secret: s}]', 'algorithm'],
    'of oauth2 without secret': [
      'oauth2_credentials: [{name: n, client_id: c, redirect_uris: ["https://a.test/"]}]',
      'client_secret',
    ],
    'of basic-auth without password': ['basicauth_credentials: [{username: u}]', 'password'],
    'of mtls-auth without id': ['mtls_auth_credentials: [{subject_name: a.test}]', 'id'],
  };
  for (const [name, [text, field]] of Object.entries(INCOMPLETE)) {
    it(`${name} is refused by sync and by validate, and nothing is changed`, async () => {
      const file = `${HEAD}consumers:\n- username: u\n  ${text}\n`;
      for (const args of [
        ['sync', '-'],
        ['validate', '-'],
      ]) {
        const refused = await shell.run([...args, ...(args[0] === 'sync' ? ['--kong-addr', gateway.address] : [])], {
          input: file,
        });
        assert.equal(refused.code, 1, refused.out);
        assert.match(refused.err, new RegExp(`<stdin>:4:\\d+: error: ${field}: required field missing`));
      }
      assert.equal(gateway.state.count('consumers'), 0);
    });
  }

  it('keeps what has to be written in a dump without defaults', async () => {
    await sync('consumers:\n- username: u\n  jwt_secrets: [{key: k, secret: s, algorithm: HS256}]\n');
    const dump = await run(['dump', '--skip-defaults']);
    assert.match(dump.out, /algorithm: HS256/);
    assert.equal((await shell.run(['validate', '-'], { input: dump.out })).code, 0);
  });
});

describe('a workspace', () => {
  const seen: string[] = [];
  const start = (has: string[]) =>
    startServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.method === 'POST') return void response.writeHead(201).end('{"name":"x"}');
      if (request.method === 'PUT') return void response.writeHead(200).end('{"id":"x"}');
      const name = /^\/workspaces\/(.*)$/.exec(String(request.url))?.[1];
      if (name !== undefined && !has.includes(name)) return void response.writeHead(404).end('{"message":"Not found"}');
      response.end(request.url === '/' ? '{"version":"3.9.1"}' : '{"data":[]}');
    });

  it('that is missing is created before anything else, and shown by diff', async () => {
    const server = await start(['old']);
    const at = ['--kong-addr', server.address];
    const input = `${HEAD}_workspace: new\nservices: [{name: a, host: h}]\n`;
    const diff = await shell.run(['diff', '-', ...at], { input });
    assert.equal(
      diff.out,
      'Creating workspace new\ncreating service a\nSummary:\n  Created: 1\n  Updated: 0\n  Deleted: 0\n',
    );
    assert.ok(
      seen.every((line) => line.startsWith('GET ')),
      'diff writes nothing',
    );
    const report = JSON.parse((await shell.run(['diff', '-', '--json-output', ...at], { input })).out);
    assert.deepEqual(report.changes.creating[0], { name: 'new', kind: 'workspace', body: null });
    seen.length = 0;
    const done = await shell.run(['sync', '-', ...at], { input });
    assert.deepEqual([done.code, done.err], [0, '']);
    const written = seen.filter((line) => !line.startsWith('GET ')).map((line) => line.replace(/[^/]*$/, ''));
    assert.deepEqual(written, ['POST /', 'PUT /new/services/']);

    seen.length = 0;
    await shell.run(['diff', '-', '--skip-workspace-crud', ...at], { input });
    assert.ok(!seen.includes('GET /workspaces/new'));
    assert.ok(seen.some((line) => line.startsWith('GET /new/services?')));
    const other = await shell.run(['diff', '-', '--workspace', 'old', ...at], { input });
    assert.match(other.err, /Warning: workspace 'old' of --workspace is used, not 'new' of the files/);
    await server.close();
  });

  it('that cannot be created ends the run, and the next one has nothing to go on from', async () => {
    const env = { HOME: newFolder() };
    const text = `${HEAD}_workspace: new\nservices: [{name: a, host: h}]\n`;
    for (const _ of ['first', 'second']) {
      const refused = await run(['sync', '-'], text, env);
      assert.equal(refused.code, 1);
      assert.match(refused.err, /^Error: the workspace new cannot be created\n {2}status 404/);
    }
  });

  it('that is missing is an error for commands that only read', async () => {
    const server = await start(['old']);
    const at = ['--kong-addr', server.address];
    const input = `${HEAD}services: [{name: a, host: h}]\n`;
    for (const args of [
      ['dump', '--workspace', 'new'],
      ['validate', '--online', '-', '--workspace', 'new'],
    ]) {
      const refused = await shell.run([...args, ...at], { input });
      assert.deepEqual([refused.code, refused.out], [1, '']);
      assert.match(refused.err, /^Error: the gateway has no workspace 'new'/);
    }
    const inFile = await shell.run(['validate', '--online', '-', ...at], { input: `${input}_workspace: new\n` });
    assert.match(inFile.err, /^Error: the gateway has no workspace 'new'/);
    const found = await shell.run(['dump', '--workspace', 'old', ...at]);
    assert.deepEqual([found.code, found.out], [0, '_format_version: "3.0"\n_workspace: old\n']);
    await server.close();
  });

  it('is named, or all of them are', async () => {
    const both = await run(['dump', '--all-workspaces', '-o', 'x.yaml']);
    assert.equal(both.code, 1);
    assert.match(both.err, /--output-file=x\.yaml cannot also be provided when using --all-workspaces/);
  });
});

describe('a journal', () => {
  it('is kept in the folder for state of this user, and one that was left open is told', async () => {
    const home = newFolder();
    const done = await run(['sync', '-'], HEAD + TWO, { HOME: home });
    assert.deepEqual([done.code, done.err], [0, '']);
    const folder = join(home, '.local/state/gwctl/journal');
    const [name] = readdirSync(folder);
    const text = readFileSync(join(folder, name!), 'utf8');
    assert.match(text, /\n\{"type":"end","result":"complete","done":2,/);
    // As if the process had been killed before its last two lines.
    writeFileSync(join(folder, name!), `${text.trimEnd().split('\n').slice(0, -2).join('\n')}\n`);
    const next = await run(['sync', '-'], `${HEAD}services: [{name: a, host: h}]\n`, { HOME: home });
    assert.equal(next.code, 0);
    assert.match(
      next.err,
      /^note: the last run against this gateway ended before it was done: 1 done, 1 not known, 0 not started \(.*\)\. The gateway was read again; this run goes on from what it has\.\n {2}not known: create service b\n$/,
    );
    const quiet = await run(['sync', '-'], `${HEAD}services: [{name: a, host: h}]\n`, { HOME: home });
    assert.equal(quiet.err, '');
  });

  it('is none with --journal off, and has to be writable when it is named', async () => {
    const home = newFolder();
    await run(['sync', '-', '--journal', 'off'], HEAD + TWO, { HOME: home });
    assert.deepEqual(readdirSync(home), []);
    const file = join(home, 'file');
    writeFileSync(file, '');
    const refused = await run(['sync', '-', '--journal', join(file, 'x')], `${HEAD}services: [{name: z, host: h}]\n`);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^Error: the journal cannot be written: /);
    assert.deepEqual(names('services'), ['a', 'b']);
  });
});

describe('gateway validate', () => {
  it('asks the gateway, and only for the kinds that are named', async () => {
    const text = `${HEAD}services: [{name: a, host: h}]\nconsumers: [{username: u}]\n`;
    assert.equal((await run(['gateway/validate', '-', '--online-entities-list', 'Services'], text)).code, 0);
    assert.deepEqual(
      gateway.requests.filter((line) => line.startsWith('POST')),
      ['POST /schemas/services/validate'],
    );
    gateway.requests.length = 0;
    const elsewhere = 'RBACRoles,RBACEndpointPermissions,FilterChains,Documents';
    assert.equal((await run(['gateway/validate', '-', '--online-entities-list', elsewhere], text)).code, 0);
    assert.deepEqual(
      gateway.requests.filter((line) => line.startsWith('POST')),
      [],
    );
    const wrong = await run(['gateway/validate', '-', '--online-entities-list', 'Nothing'], text);
    assert.match(wrong.err, /'Nothing' of --online-entities-list is no kind of entity/);
  });

  it('knows what the files look up', async () => {
    await sync('services: [{name: shared, host: h, tags: [shared]}]\n');
    const text = `${HEAD}_info: {default_lookup_tags: {services: [shared]}}\nroutes: [{name: r, paths: [/], service: {name: shared}}]\n`;
    const right = await run(['gateway/validate', '-'], text);
    assert.deepEqual([right.code, right.err], [0, '']);
    const offline = await shell.run(['validate', '-'], { input: text });
    assert.equal(offline.code, 1);
  });
});
