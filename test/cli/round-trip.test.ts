// For every state file of fixtures/: sync, then diff is empty; dump, then diff with the dump is empty.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Gateway, startGateway } from './rig.ts';
import { openShell, type Shell } from './shell.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const EMPTY = 'Summary:\n  Created: 0\n  Updated: 0\n  Deleted: 0\n';

interface Case {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Record<string, string>;
  /** Written for Kong's DB-less mode: to be turned into decK's form first. */
  readonly isDbLess: boolean;
}

/** Inputs and outputs of `file` commands, and cases that have a test of their own. */
const ELSEWHERE = /^(?:states|file-commands|replay)\//;

/** Folders of state files; those that are wrong on purpose and expectations are no input. */
function listCases(): Case[] {
  const cases: Case[] = [];
  const valid = join(fixtures, 'states/valid');
  for (const name of readdirSync(valid).sort()) {
    const expected = JSON.parse(readFileSync(join(valid, name, 'expected.json'), 'utf8')) as {
      env?: Record<string, string>;
      dialect?: 'dbless';
    };
    const files = readdirSync(join(valid, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ya?ml|json)$/.test(file) && file !== 'expected.json')
      .map((file) => join(valid, name, file));
    cases.push({ name, files, env: expected.env ?? {}, isDbLess: expected.dialect === 'dbless' });
  }
  const others = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.ya?ml$/.test(file) && !ELSEWHERE.test(file),
  );
  for (const file of others.sort()) {
    const isState = /^_format_version:/m.test(readFileSync(join(fixtures, file), 'utf8'));
    if (isState) cases.push({ name: file, files: [join(fixtures, file)], env: {}, isDbLess: false });
  }
  return cases;
}

describe('sync and dump', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
  let gateway: Gateway;
  let shell: Shell;
  const gwctl: Shell['run'] = (args, options) => shell.run(args, options);
  before(async () => {
    gateway = await startGateway();
    shell = openShell();
  });
  after(async () => {
    shell.close();
    await gateway.close();
  });

  for (const [i, { name, files: written, env, isDbLess }] of listCases().entries()) {
    it(`leave nothing to do for ${name}`, async () => {
      const run = (...args: string[]) => gwctl([...args, '--kong-addr', gateway.address], { env });
      const reset = await gwctl(['sync', '-', '--allow-empty', '--kong-addr', gateway.address]);
      assert.equal(reset.code, 0, reset.err);
      const files = isDbLess ? await inDecksForm(written) : written;
      const sync = await run('sync', ...files);
      assert.deepEqual([sync.code, sync.err], [0, '']);
      assert.doesNotMatch(sync.out, /Created: 0/);
      const diff = await run('diff', ...files, '--non-zero-exit-code');
      assert.deepEqual(diff, { code: 0, out: EMPTY, err: '' });

      for (const format of ['yaml', 'json']) {
        const dumped = join(folder, `${i}.${format}`);
        const dump = await run('dump', '-o', dumped);
        assert.deepEqual([dump.code, dump.out], [0, '']);
        assert.match(dump.err, /^(?:Warning: .* can only be read as a hash: .*\n)*$/);
        assert.equal(statSync(dumped).mode & 0o777, 0o600);
        const again = await gwctl(['diff', dumped, '--kong-addr', gateway.address]);
        assert.deepEqual(again, { code: 0, out: EMPTY, err: '' }, readFileSync(dumped, 'utf8'));
      }
    });
  }

  async function inDecksForm(written: readonly string[]): Promise<string[]> {
    const files = written.map((_, i) => join(folder, `deck-${i}.yaml`));
    for (const [i, file] of files.entries()) {
      const refused = await gwctl(['sync', written[i]!, '--kong-addr', gateway.address]);
      assert.match(refused.err, /stands only in files of Kong's DB-less mode\n[\s\S]*gwctl file format deck FILE/);
      const formatted = await gwctl(['file/format', 'deck', written[i]!, '-o', file]);
      assert.deepEqual([formatted.code, formatted.err], [0, '']);
    }
    return files;
  }

  it('restore a dump with ids and everything in it on an empty gateway', async () => {
    const nested = join(fixtures, 'states/valid/nested/state.yaml');
    await gwctl(['sync', '-', '--allow-empty', '--kong-addr', gateway.address]);
    await gwctl(['sync', nested, '--kong-addr', gateway.address]);
    const before = ids(gateway);
    const dump = await gwctl(['dump', '--with-id', '--kong-addr', gateway.address]);
    await gwctl(['sync', '-', '--allow-empty', '--kong-addr', gateway.address]);
    assert.deepEqual(ids(gateway), []);
    const restored = await gwctl(['sync', '-', '--kong-addr', gateway.address], { input: dump.out });
    assert.equal(restored.code, 0, restored.err);
    assert.deepEqual(ids(gateway), before);
  });
});

const ids = (gateway: Gateway): string[] =>
  [...gateway.state.schemas.entities.keys()].flatMap((kind) => gateway.state.list(kind).map(({ id }) => id)).sort();
