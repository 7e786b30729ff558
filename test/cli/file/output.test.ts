// Where the `file` commands read and write: standard input and output, files that are replaced whole, and nothing at all when
// something is wrong.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { gwctl } from '../rig.ts';

const root = mkdtempSync(join(tmpdir(), 'gwctl-output-'));
after(() => rmSync(root, { recursive: true }));

const STATE = '_format_version: "3.0"\nservices:\n- name: a # first\n  host: h\n';
let folder: string;
let input: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  input = join(folder, 'state.yaml');
  writeFileSync(input, STATE);
});

describe('output', () => {
  it('may be the input, and is readable by its owner only', async () => {
    const { code, out, err } = await gwctl(['file/add-tags', '-s', input, '-o', input, 'x']);
    assert.deepEqual([code, out, err], [0, '', '']);
    assert.equal(readFileSync(input, 'utf8'), `${STATE}  tags:\n  - x\n`);
    assert.equal(statSync(input).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['state.yaml'], 'no drafts are left');
  });

  it('is not touched when the command fails', async () => {
    const target = join(folder, 'out.yaml');
    writeFileSync(target, 'precious');
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'a: [');
    const commands: [string, ...string[]][] = [
      ['file/merge', input, wrong, '-o', target],
      ['file/patch', '-s', wrong, '--selector', '$', '--value', 'a:1', '-o', target],
      ['file/add-tags', '-s', input, '--selector', '$[', 'x', '-o', target],
      ['file/namespace', '-s', input, '-p', '/x', '--selector', '$.nothing', '-o', target],
      ['file/render', wrong, '-o', target],
      ['file/openapi2kong', '-s', input, '-o', target],
      ['file/kong2kic', '-s', wrong, '-o', target],
      ['file/kong2tf', '-s', wrong, '-o', target],
      ['file/lint', '-s', wrong, '-o', target, input],
    ];
    for (const command of commands) {
      const { code, out, err } = await gwctl(command);
      assert.equal(code, 1, command[0]);
      assert.equal(out, '', command[0]);
      assert.match(err, /^Error: .+\n/, command[0]);
      assert.equal(readFileSync(target, 'utf8'), 'precious', command[0]);
    }
  });

  it('that cannot be written is named, and its place stays clean', async () => {
    const missing = await gwctl(['file/merge', input, '-o', join(folder, 'none', 'out.yaml')]);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /none\/out\.yaml cannot be written: ENOENT/);
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    const refused = await gwctl(['file/merge', input, '-o', join(closed, 'out.yaml')]);
    // The superuser may write everywhere.
    if (process.getuid?.() !== 0) assert.match(refused.err, /out\.yaml cannot be written: EACCES/);
    chmodSync(closed, 0o700);
  });

  it('is JSON by flag, by the name of the file, or by the environment, in this order', async () => {
    const json = join(folder, 'out.json');
    await gwctl(['file/merge', input, '-o', json]);
    assert.equal(JSON.parse(readFileSync(json, 'utf8')).services[0].name, 'a');
    const env = { DECK_FORMAT: 'JSON' };
    assert.match((await gwctl(['file/merge', input], { env })).out, /^\{/);
    assert.match((await gwctl(['file/merge', input, '--format', 'yaml'], { env })).out, /^_format/);
    assert.match((await gwctl(['file/merge', input, '--format', 'JSON'])).out, /^\{/);
  });
});

describe('input', () => {
  it('is standard input unless a file is named', async () => {
    const { out } = await gwctl(['file/remove-tags', '--keep-only'], { input: STATE });
    assert.equal(out, STATE);
    assert.equal((await gwctl(['file/render'], { input: STATE })).code, 0);
  });

  it('may be nothing at all', async () => {
    const commands: [string, ...string[]][] = [['file/merge', '-'], ['file/add-tags', 'x'], ['file/list-tags']];
    for (const command of commands) {
      const { code, err } = await gwctl(command, { input: '' });
      assert.deepEqual([code, err], [0, ''], command[0]);
    }
  });

  it('that is a directory or missing is refused', async () => {
    assert.match((await gwctl(['file/list-tags', '-s', join(folder, 'none.yaml')])).err, /no such file or directory/);
    assert.equal((await gwctl(['file/list-tags', '-s', join(root, 'nowhere')])).code, 1);
  });

  it('cannot reach the prototypes of this program', async () => {
    for (const text of ['__proto__: {a: 1}', 'services: [{constructor: {}}]']) {
      const { code, err } = await gwctl(['file/merge', '-'], { input: text });
      assert.equal(code, 1, text);
      assert.match(err, /is not allowed/);
    }
    const patch = await gwctl(['file/patch', '-s', input, '--selector', '$', '--value', '__proto__:{}']);
    assert.match(patch.err, /the key '__proto__' is not allowed/);
  });

  it('may be large', async () => {
    const services = Array.from({ length: 5000 }, (_, i) => `- name: s${i} # ${i}\n  host: h\n  tags: [a]\n`).join('');
    const text = `_format_version: "3.0"\nservices:\n${services}`;
    const { code, out } = await gwctl(['file/add-tags', 'a'], { input: text });
    assert.equal(code, 0);
    assert.equal(out, text);
  });
});

describe('flags of decK that mean nothing here', () => {
  it('are taken in silence', async () => {
    const flags = ['--analytics=false', '--tls-skip-verify', '--timeout', '5', '--headers', 'a:b', '--verbose', '1'];
    assert.deepEqual(await gwctl(['file/merge', ...flags, input]), { code: 0, out: STATE, err: '' });
  });
});
