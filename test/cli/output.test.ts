// What diff, sync, dump and validate print, on the real Admin API of this project.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { createState } from '../../src/state/state.ts';
import { type Gateway, gwctl, type Run, startGateway } from './rig.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway.close());
afterEach(() => gateway.store.replace(createState(gateway.state.schemas)));

const run = (command: string, input: string, ...args: string[]): Promise<Run> =>
  gwctl([command, '-', ...args, '--kong-addr', gateway.address], {
    input: input === '' ? '' : `_format_version: "3.0"\n${input}`,
  });

const CONSUMER = 'consumers:\n- username: alice\n  keyauth_credentials:\n  - key: ';
const PLUGIN = (password: string): string =>
  `plugins:\n- name: rate-limiting\n  config: {minute: 5, policy: redis, redis: {host: r.internal, password: ${password}}}\n`;

describe('diff', () => {
  it('prints what it would do, fields that change, and a summary', async () => {
    await run('sync', 'services:\n- name: a\n  host: old.internal\n  path: /x\n- name: gone\n  host: h\n');
    const diff = await run('diff', 'services:\n- name: a\n  host: new.internal\n  tags: [t]\n- name: b\n  host: h\n');
    assert.deepEqual(diff, {
      code: 0,
      err: '',
      out: [
        'updating service a  {',
        '-  host: "old.internal"',
        '+  host: "new.internal"',
        '-  path: "/x"',
        '+  tags: ["t"]',
        ' }',
        '',
        'creating service b',
        'deleting service gone',
        'Summary:',
        '  Created: 1',
        '  Updated: 1',
        '  Deleted: 1',
        '',
      ]
        .join('\n')
        .replace('updating', 'updating'),
    });
    assert.equal(gateway.state.count('services'), 2, 'diff writes nothing');
  });

  it('exits 2 for differences only when it is asked to', async () => {
    const file = 'services:\n- name: a\n  host: h\n';
    assert.equal((await run('diff', file)).code, 0);
    assert.equal((await run('diff', file, '--non-zero-exit-code')).code, 2);
    const json = await run('diff', file, '--non-zero-exit-code', '--json-output');
    assert.equal(json.code, 2);
    assert.equal(JSON.parse(json.out).summary.total, 1);
    await run('sync', file);
    assert.equal((await run('diff', file, '--non-zero-exit-code')).code, 0);
  });

  it('masks secrets on both sides and shows that they differ', async () => {
    await run('sync', `${CONSUMER}alice-first-secret\n${PLUGIN('hunter2-old')}`);
    const after = `${CONSUMER}alice-second-secret\n${PLUGIN('hunter2-new')}`;
    for (const result of [await run('diff', after), await run('diff', after, '--json-output')]) {
      assert.equal(result.code, 0);
      assert.doesNotMatch(result.out + result.err, /hunter2|first-secret|second-secret/);
    }
    const { out } = await run('diff', after);
    const [, before, now] =
      /- {2}config\.redis\.password: \[secret (\w+)\]\n\+ {2}config\.redis\.password: \[secret (\w+)\]/.exec(out) ?? [];
    assert.ok(before !== undefined && now !== undefined && before !== now, out);
    assert.match(out, /^creating key-auth ecret for consumer alice$/m);
    assert.match(out, /^deleting key-auth ecret for consumer alice$/m);
  });

  it('reports as JSON in the order of the plan', async () => {
    await run('sync', 'services:\n- name: old\n  host: h\n- name: same\n  host: h\n');
    const { out } = await run(
      'diff',
      `services:\n- name: same\n  host: i\n  routes:\n  - name: r\n    paths: [/]\n${CONSUMER}abcdefghijkl\n`,
      '--json-output',
    );
    const report = JSON.parse(out);
    assert.deepEqual(
      report.changes.creating.map(({ kind, name }: { kind: string; name: string }) => `${kind} ${name}`),
      ['consumer alice', 'key-auth hijkl for consumer alice', 'route r'],
    );
    assert.deepEqual(report.summary, { creating: 3, updating: 1, deleting: 1, total: 5 });
    assert.equal(report.changes.updating[0].body.old.host, 'h');
    assert.equal(report.changes.updating[0].body.new.host, 'i');
    assert.equal(report.changes.deleting[0].body.new.name, 'old');
    assert.equal(report.changes.deleting[0].body.old, null);
    assert.match(report.changes.creating[1].body.new.key, /^\[secret \w+\]$/);
    assert.deepEqual([report.warnings, report.errors], [[], []]);
    assert.match(out, /^\{\n\t"changes"/);
  });

  it('is plain off a terminal and coloured when forced', async () => {
    const args = ['diff', '-', '--kong-addr', gateway.address];
    const input = '_format_version: "3.0"\nservices:\n- name: a\n  host: h\n';
    assert.doesNotMatch((await gwctl(args, { input })).out, /\u001b/);
    assert.match((await gwctl(args, { input, env: { FORCE_COLOR: '1' } })).out, /\u001b\[32mcreating service a/);
    assert.doesNotMatch((await gwctl(args, { input, env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).out, /\u001b/);
    assert.doesNotMatch((await gwctl([...args, '--no-color'], { input, env: { FORCE_COLOR: '1' } })).out, /\u001b/);
  });
});

describe('tags', () => {
  const TAGGED = '_info: {select_tags: [team-a]}\nservices:\n- name: mine\n  host: h\n';

  it('keep what others own', async () => {
    await run('sync', 'services:\n- name: theirs\n  host: h\n');
    const sync = await run('sync', TAGGED);
    assert.deepEqual([sync.code, sync.err], [0, '']);
    assert.deepEqual(
      gateway.state
        .list('services')
        .map(({ name }) => name)
        .sort(),
      ['mine', 'theirs'],
    );
    const removed = await run('sync', '_info: {select_tags: [team-a]}\nservices: []\n', '--allow-empty');
    assert.match(removed.out, /^deleting service mine\n/);
    assert.deepEqual(
      gateway.state.list('services').map(({ name }) => name),
      ['theirs'],
    );
  });

  it('tell of an entity that exists without them before anything is written', async () => {
    await run('sync', 'services:\n- name: mine\n  host: h\n  tags: [team-b]\n');
    const sync = await run('sync', `${TAGGED}- name: another\n  host: h\n`);
    assert.equal(sync.code, 1);
    assert.match(
      sync.err,
      /^Error: an entity of the files cannot be created\n {2}service mine exists on the gateway outside of the selected tags \(its tags are team-b, id [0-9a-f-]+\)\n/,
    );
    assert.equal(gateway.state.count('services'), 1);
  });

  it('of the command line are put on every entity', async () => {
    await run('sync', 'services:\n- name: a\n  host: h\n', '--select-tag', 'x,y');
    assert.deepEqual(gateway.state.list('services')[0]!['tags'], ['x', 'y']);
  });

  it('select what dump writes, with references to what is not selected', async () => {
    await run(
      'sync',
      'services:\n- name: shared\n  host: h\n  routes:\n  - name: mine\n    paths: [/]\n    tags: [team-a]\n',
    );
    const { out } = await gwctl(['dump', '--select-tag', 'team-a', '--kong-addr', gateway.address]);
    assert.match(out, /^_format_version: "3.0"\n_info:\n {2}defaults: \{\}\n {2}select_tags:\n {2}- team-a\nroutes:\n/);
    assert.match(out, /service:\n {4}name: shared\n/);
    assert.doesNotMatch(out, /^services:/m);
  });
});

describe('sync', () => {
  it('leaves consumers alone when told so', async () => {
    await run('sync', `${CONSUMER}abcdefghijkl\n  plugins:\n  - name: rate-limiting\n    config: {minute: 5}\n`);
    const sync = await run('sync', 'services:\n- name: a\n  host: h\n', '--skip-consumers');
    assert.match(sync.out, /Created: 1\n {2}Updated: 0\n {2}Deleted: 0/);
    assert.equal(gateway.state.count('keyauth_credentials'), 1);
    assert.equal(gateway.state.count('plugins'), 1);
  });

  it('keeps the creation time of what it updates', async () => {
    await run('sync', 'routes:\n- id: 11111111-1111-4111-8111-111111111111\n  paths: [/a]\n  created_at: 1700000000\n');
    const created = gateway.state.list('routes')[0]!['created_at'];
    await run('sync', 'routes:\n- id: 11111111-1111-4111-8111-111111111111\n  paths: [/b]\n');
    assert.equal(gateway.state.list('routes')[0]!['created_at'], created);
    assert.deepEqual(gateway.state.list('routes')[0]!['paths'], ['/b']);
  });

  it('resets a field that the file no longer has', async () => {
    await run('sync', 'services:\n- name: a\n  host: h\n  retries: 9\n  path: /x\n');
    await run('sync', 'services:\n- name: a\n  host: h\n');
    const { retries, path } = gateway.state.list('services')[0]!;
    assert.deepEqual([retries, path], [5, null]);
  });

  it('prints the summary only when events are silenced', async () => {
    const { out } = await run('sync', 'services:\n- name: a\n  host: h\n', '--silence-events');
    assert.equal(out, 'Summary:\n  Created: 1\n  Updated: 0\n  Deleted: 0\n');
  });
});

describe('dump', () => {
  it('writes keys in order, children nested, names for ids', async () => {
    await run(
      'sync',
      'services:\n- name: b\n  host: h\n- name: a\n  host: h\n  routes:\n  - name: r\n    paths: [/]\n    plugins:\n    - name: cors\n      consumer: null\nplugins:\n- name: rate-limiting\n  service: a\n  route: r\n  config: {minute: 5}\n',
    );
    const { out, code } = await gwctl(['dump', '--kong-addr', gateway.address]);
    assert.equal(code, 0);
    assert.deepEqual(out.match(/^\w+:/gm), ['_format_version:', 'plugins:', 'services:']);
    assert.deepEqual(out.match(/^- name: .*|^ {2}name: .*/gm), ['  name: rate-limiting', '  name: a', '  name: b']);
    assert.match(out, /\n {2}route: r\n {2}service: a\n/);
    assert.doesNotMatch(out, /\bid:|created_at|updated_at/);
    assert.match(out, /\n {4}- config:\n(?: {8}.*\n)+ {6}enabled: true\n {6}name: cors\n/);
  });

  it('does not overwrite a file by itself', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'gwctl-')), 'state.yaml');
    writeFileSync(file, 'precious');
    const refused = await gwctl(['dump', '-o', file, '--kong-addr', gateway.address]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /exists and was left as it is\nHint: Pass --yes/);
    assert.equal(readFileSync(file, 'utf8'), 'precious');
    assert.equal((await gwctl(['dump', '-o', file, '--yes', '--kong-addr', gateway.address])).code, 0);
    assert.match(readFileSync(file, 'utf8'), /^_format_version/);
  });

  it('says where it cannot write', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'gwctl-')), 'file');
    writeFileSync(file, '');
    for (const args of [
      ['-o', join(file, 'state.yaml')],
      ['-o', join(file, 'folder'), '--split-by', 'kind'],
    ]) {
      const { code, out, err } = await gwctl(['dump', ...args, '--kong-addr', gateway.address]);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /^Error: \S+ cannot be written: ENOTDIR.*\nHint: Check that the directory exists/);
    }
  });
});

describe('validate', () => {
  it('says nothing off a terminal, and counts when it is asked', async () => {
    const input =
      '_format_version: "3.0"\nservices:\n- name: a\n  host: h\nroutes:\n- name: a\n  paths: [/a]\n- name: b\n  paths: [/b]\n';
    assert.deepEqual(await gwctl(['validate', '-'], { input }), { code: 0, out: '', err: '' });
    const told = await gwctl(['validate', '-', '--verbose', '1'], { input });
    assert.deepEqual([told.code, told.out], [0, 'valid: 2 routes, 1 service\n']);
  });

  it('warns of what is right in a file and cannot run here', async () => {
    const lua = 'plugins:\n- name: pre-function\n  config: {access: ["local x = 1"]}\n';
    const { code, out, err } = await gwctl(['validate', '-'], { input: `_format_version: "3.0"\n${lua}` });
    assert.deepEqual([code, out], [0, '']);
    assert.match(err, /^Warning: plugin pre-function \(\S+\): .*\(`gwctl serve` refuses this\)\n$/);
  });

  it('takes files by arguments and by --state', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
    writeFileSync(join(folder, 'a.yaml'), '_format_version: "3.0"\nservices: [{name: a, host: h}]\n');
    writeFileSync(join(folder, 'b.yaml'), '_format_version: "3.0"\nroutes: [{name: r, service: a, paths: [/]}]\n');
    const { code, out } = await gwctl([
      'validate',
      join(folder, 'a.yaml'),
      '-s',
      join(folder, 'b.yaml'),
      '--verbose',
      '1',
    ]);
    assert.deepEqual([code, out], [0, 'valid: 1 route, 1 service\n']);
    assert.equal((await gwctl(['validate', join(folder, 'b.yaml')])).code, 1);
    assert.equal((await gwctl(['validate', folder])).code, 0);
  });

  it('lets the gateway judge with --online', async () => {
    const right = await run('validate', 'services:\n- name: a\n  host: h\nplugins:\n- name: cors\n', '--online');
    assert.deepEqual([right.code, right.err], [0, '']);
    assert.ok(gateway.requests.includes('POST /schemas/services/validate'));
  });
});
