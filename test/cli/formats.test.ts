// The formats that diff and sync print: lines as decK has them, Markdown for pull requests, reports for programs.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import { deckBody } from '../../src/cli/output/deck-body.ts';
import { formatMarkdown } from '../../src/cli/output/markdown.ts';
import { createTheme } from '../../src/cli/theme.ts';
import type { Operation } from '../../src/control/plan/plan.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { createState } from '../../src/state/state.ts';
import { type Gateway, startGateway } from './rig.ts';
import { openShell, type Shell } from './shell.ts';

let gateway: Gateway;
let shell: Shell;
before(async () => {
  gateway = await startGateway();
  shell = openShell();
});
beforeEach(() => gateway.store.replace(createState(gateway.state.schemas)));
after(async () => {
  shell.close();
  await gateway.close();
});

const run = (command: string, text: string, args: string[] = [], env: Record<string, string> = {}) =>
  shell.run([command, '-', ...args, '--kong-addr', gateway.address], {
    input: `_format_version: "3.0"\n${text}`,
    env,
  });

const ID = '9ecf5708-f2f4-444e-a4c7-fcd3a57f9a6d';
const SERVICE = `services:\n- name: svc1\n  id: ${ID}\n  host: `;

describe('--format deck', () => {
  it('prints the whole entity, keys in order, new keys last and without commas', async () => {
    await run('sync', `${SERVICE}one.example.com\n`);
    const { out, err } = await run('diff', `${SERVICE}two.example.com\n  tags: [x, y]\nplugins: [{name: cors}]\n`, [
      '--format',
      'deck',
    ]);
    assert.equal(err, '');
    assert.equal(
      out,
      [
        'updating service svc1  {',
        '   "connect_timeout": 60000,',
        '   "enabled": true,',
        '-  "host": "one.example.com",',
        '+  "host": "two.example.com",',
        `   "id": "${ID}",`,
        '   "name": "svc1",',
        '   "port": 80,',
        '   "protocol": "http",',
        '   "read_timeout": 60000,',
        '   "retries": 5,',
        '   "write_timeout": 60000',
        '+  "tags": [',
        '+    "x",',
        '+    "y"',
        '+  ]',
        ' }',
        '',
        'creating plugin cors (global)',
        'Summary:',
        '  Created: 1',
        '  Updated: 1',
        '  Deleted: 0',
        '',
      ].join('\n'),
    );
  });

  it('hides what came from the environment, inside of longer texts too', async () => {
    await run('sync', `${SERVICE}inner.example.com\n`);
    const text = `${SERVICE}\${{ env "DECK_HOST" }}\n  tags: ["to:\${{ env "DECK_HOST" }}", "\${{ env "DECK_HOST" }}s"]\n`;
    const env = { DECK_HOST: 'inner.example.com' };
    const masked = await run('diff', text, ['--format', 'deck'], env);
    assert.match(masked.out, /\n {3}"host": "\[masked\]",\n/);
    assert.match(masked.out, /\n\+ {4}"to:\[masked\]",\n\+ {4}"inner\.example\.coms"\n/);
    const shown = await run('diff', text, ['--format', 'deck', '--no-mask-deck-env-vars-value'], env);
    assert.match(shown.out, /\n {3}"host": "inner\.example\.com",\n/);
    for (const format of ['human', 'markdown', 'json', 'yaml']) {
      const { out } = await run('diff', text, ['--format', format], env);
      assert.doesNotMatch(out.replaceAll('inner.example.coms', ''), /inner\.example\.com/, format);
    }
  });

  it('hides the value that one from the environment replaces, and nothing beside it', async () => {
    const text = `${SERVICE}\${{ env "DECK_HOST" }}\n  tags: [stays, "to:\${{ env "DECK_HOST" }}"]\n  retries: `;
    await run('sync', `${text}1\n`, [], { DECK_HOST: 'old.example.com' });
    const env = { DECK_HOST: 'new.example.com' };
    for (const format of ['human', 'deck', 'markdown', 'json', 'yaml']) {
      const { out } = await run('diff', `${text}2\n`, ['--format', format], env);
      assert.doesNotMatch(out, /old\.example|new\.example/, format);
      assert.match(out, /\[masked\]/, format);
    }
    const { out } = await run('diff', `${text}2\n`, [], env);
    assert.match(out, /\n- {2}host: "\[masked\]"\n\+ {2}host: "\[masked\]"\n- {2}retries: 1\n\+ {2}retries: 2\n/);
    assert.match(out, /\n- {2}tags: \["stays","\[masked\]"\]\n\+ {2}tags: \["stays","to:\[masked\]"\]\n/);
  });

  const body = (before: JsonObject, after: JsonObject): string => deckBody(before, after).join('\n');

  it('counts members of the old object only when it writes commas', () => {
    assert.equal(
      body({ a: 1, b: { c: null, d: 'x"y' } }, { a: 2, b: { c: null, e: true } }),
      ' {\n-  "a": 1,\n+  "a": 2,\n   "b": {\n     "c": null,\n-    "d": "x"y"\n+    "e": true\n   }\n }',
    );
  });

  it('writes numbers with six digits at most before it takes an exponent', () => {
    assert.equal(
      body({ a: 999999, b: 1000000, c: 0.5, d: 1596559272, e: 0.00001, f: 0 }, {}),
      ' {\n-  "a": 999999,\n-  "b": 1e+06,\n-  "c": 0.5,\n-  "d": 1.596559272e+09,\n-  "e": 1e-05,\n-  "f": 0\n }',
    );
  });

  it('compares lists item by item', () => {
    assert.equal(
      body({ a: ['x', 'y', 'z'] }, { a: ['x', 'z', 'w'] }),
      ' {\n   "a": [\n     "x",\n-    "y",\n+    "w",\n     "z"\n   ]\n }',
    );
    assert.equal(
      body({ a: [{ p: 1, q: 2 }] }, { a: [{ p: 1, q: 3 }] }),
      ' {\n   "a": [\n     {\n       "p": 1,\n-      "q": 2\n+      "q": 3\n     }\n   ]\n }',
    );
  });
});

describe('secrets', () => {
  it('are in no format, on neither side, wherever they come from', async () => {
    const key = 'canary-canary-canary';
    const consumer = (value: string): string =>
      `consumers:\n- username: u\n  keyauth_credentials: [{key: ${value}, id: ${ID}}]\n  basicauth_credentials: [{username: joe, password: ${value}-p}]\nplugins:\n- name: rate-limiting\n  config: {minute: 1, policy: redis, redis: {host: r, password: ${value}-r}}\n`;
    await run('sync', consumer(`${key}-old`));
    for (const format of ['human', 'deck', 'markdown', 'json', 'yaml']) {
      const diff = await run('diff', consumer(`${key}-new`), ['--format', format]);
      assert.equal(diff.code, 0, diff.err);
      assert.doesNotMatch(diff.out + diff.err, /canary-canary/, format);
    }
    for (const format of ['human', 'json', 'markdown']) {
      const sync = await run('sync', consumer(`${key}-${format}`), ['--format', format]);
      assert.doesNotMatch(sync.out + sync.err, /canary-canary/, format);
    }
  });
});

describe('--format json and yaml', () => {
  it('say the same, with the fields that change', async () => {
    await run('sync', `${SERVICE}one\n`);
    const json = JSON.parse((await run('diff', `${SERVICE}two\n`, ['--format', 'json'])).out);
    const yaml = parse((await run('diff', `${SERVICE}two\n`, ['--format', 'yaml'])).out);
    assert.deepEqual(yaml, json);
    assert.deepEqual(json.changes.updating[0].fields, [{ path: 'host', before: 'one', after: 'two' }]);
    assert.deepEqual(Object.keys(json), ['changes', 'summary', 'warnings', 'errors']);
  });

  it('leave out the times that the gateway has yet to set', async () => {
    await run('sync', `${SERVICE}one\n`);
    const text = `${SERVICE}two\n- {name: added, host: h}\n`;
    const { changes } = JSON.parse((await run('diff', text, ['--format', 'json'])).out);
    const { old: was, new: is } = changes.updating[0].body;
    assert.equal(typeof was.updated_at, 'number');
    assert.equal(is.created_at, was.created_at);
    assert.equal('updated_at' in is, false);
    const made = changes.creating[0].body.new;
    assert.deepEqual([made.host, 'created_at' in made, 'updated_at' in made], ['h', false, false]);
  });

  it('exit 2 after the report with --non-zero-exit-code', async () => {
    const diff = await run('diff', `${SERVICE}one\n`, ['--json-output', '--non-zero-exit-code']);
    assert.equal(diff.code, 2);
    assert.equal(JSON.parse(diff.out).summary.total, 1);
  });

  it('are refused together with another format', async () => {
    const diff = await run('diff', `${SERVICE}one\n`, ['--json-output', '--format', 'deck']);
    assert.deepEqual([diff.code, diff.out], [1, '']);
  });
});

describe('--format markdown', () => {
  it('says all in its first line, and what is deleted first', async () => {
    await run('sync', 'services:\n- {name: gone, host: h}\n- {name: same, host: one}\n');
    const { out } = await run('diff', 'services:\n- {name: same, host: two}\n- {name: new, host: h}\n', [
      '--format',
      'markdown',
    ]);
    const lines = out.split('\n');
    assert.deepEqual(lines.slice(0, 7), [
      '<!-- gwctl -->',
      '**1 to add, 1 to change, 1 to delete**',
      '',
      '| kind | delete | change | add |',
      '|---|--:|--:|--:|',
      '| service | 1 | 1 | 1 |',
      '',
    ]);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('<details')),
      [
        '<details open><summary>delete service <code>gone</code></summary>',
        '<details open><summary>change service <code>same</code></summary>',
        '<details open><summary>add service <code>new</code></summary>',
      ],
    );
    assert.match(out, /```diff\n- {2}host: "one"\n\+ {2}host: "two"\n```\n/);
    const done = await run('sync', 'services:\n- {name: same, host: two}\n- {name: new, host: h}\n', [
      '--format',
      'markdown',
    ]);
    assert.equal(done.out.split('\n')[1], '**1 added, 1 changed, 1 deleted**');
    const again = await run('diff', 'services:\n- {name: same, host: two}\n- {name: new, host: h}\n', [
      '--format',
      'markdown',
    ]);
    assert.equal(again.out, '<!-- gwctl -->\n**No changes**: the gateway is what the files say.\n\n');
  });

  const operation = (name: string, more: JsonObject = {}): Operation => ({
    action: 'create',
    kind: 'services',
    label: name,
    after: { id: ID, name, host: 'h', ...more },
  });
  const markdown = async (operations: Operation[]): Promise<string> =>
    formatMarkdown({
      schemas: gateway.state.schemas,
      theme: await createTheme({}, false),
      fingerprint: () => '[secret]',
      operations,
      tense: 'planned',
    });

  it('cannot be made to mention, link or break out by a name', async () => {
    const hostile = '@team #12 `x` </code><img src=x> [a](http://b) | \u202eevil\u200b\n```\n';
    const text = await markdown([operation(hostile, { path: '```\n</details>@all' })]);
    const headline = text.split('\n').find((line) => line.includes('<summary>'))!;
    assert.doesNotMatch(headline, /@|\s#1|`|<img|\[a\]|\u202e|\u200b/);
    assert.match(headline, /&#64;team/);
    const fence = /^(`{3,})diff$/m.exec(text)![1]!;
    const inside = text.split(`${fence}diff\n`)[1]!.split(`\n${fence}\n`)[0]!;
    assert.ok(inside.includes('@all') && !inside.includes(`\n${fence}`), 'the body stays within its fence');
  });

  it('fits into a comment, and says where the rest is', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => operation(`service-with-a-long-name-${i}`));
    const deletions: Operation[] = Array.from({ length: 20 }, (_, i) => ({
      action: 'delete',
      kind: 'services',
      label: `deleted-${i}`,
      before: { id: ID, name: `deleted-${i}`, host: 'h' },
    }));
    const text = await markdown([...many, ...deletions]);
    assert.ok(text.length <= 65_536, `${text.length} characters`);
    assert.ok(text.length > 65_000, `${text.length} characters: the room is used`);
    assert.match(text, /^<!-- gwctl -->\n\*\*5000 to add, 0 to change, 20 to delete\*\*\n/);
    assert.match(text, /delete service <code>deleted-19<\/code>/, 'what is deleted is named to the last');
    assert.match(text, /Some changes are left out/);
    assert.equal(text, await markdown([...many, ...deletions]), 'equal plans give equal texts');
    assert.equal(text.match(/<details>/g)?.length, 20, 'every deletion is there in full');
    const named = text.match(/^- add service/gm)!.length;
    assert.match(text, new RegExp(`^- and ${5000 - named} more to add$`, 'm'));
  });

  it('shows changes in full as long as there is room, then by name', async () => {
    const updates = Array.from(
      { length: 3000 },
      (_, i): Operation => ({
        action: 'update',
        kind: 'services',
        label: `s${i}`,
        before: { id: ID, name: `s${i}`, host: 'h', path: '/x' },
        after: { id: ID, name: `s${i}`, host: 'h', path: '/y' },
        changes: [{ path: ['path'], before: '/x', after: '/y' }],
      }),
    );
    const few = await markdown(updates.slice(0, 1000));
    assert.ok(few.length <= 65_536, `${few.length} characters`);
    const whole = few.match(/<details>/g)!.length;
    assert.ok(whole > 100, `${whole} in full`);
    assert.equal(few.match(/^\+ .*path: .*\/y/gm)?.length, whole);
    assert.equal(few.match(/^- change service/gm)?.length, 1000 - whole, 'the others by name');
    assert.doesNotMatch(few, /more to change/);
    const many = await markdown(updates);
    assert.ok(many.length <= 65_536 && many.length > 65_000, `${many.length} characters`);
    const named = many.match(/^- change service/gm)!.length;
    assert.match(many, new RegExp(`^- and ${3000 - named} more to change$`, 'm'));
    const all = await markdown(updates.slice(0, 10));
    assert.doesNotMatch(all, /left out/);
    assert.equal(all.match(/<details>/g)?.length, 10);
  });
});
