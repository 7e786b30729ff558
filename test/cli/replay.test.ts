// The corpus of fixtures/replay: what a gateway has (before.yaml), what a file says (file.yaml), the lines that diff and sync
// print (plan.txt), and what the gateway has then (after.yaml, where it is not what the file says). Every case also proves
// that a second diff is empty and that a dump says the same as the gateway.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createState } from '../../src/state/state.ts';
import { type Gateway, startGateway } from './rig.ts';
import { openShell, type Shell } from './shell.ts';

const corpus = fileURLToPath(new URL('../../fixtures/replay/', import.meta.url));
const NOTHING = 'Summary:\n  Created: 0\n  Updated: 0\n  Deleted: 0\n';

interface Settings {
  /** Default: sync. */
  readonly command?: 'sync' | 'apply' | 'reset';
  /** For diff and sync. */
  readonly args?: readonly string[];
  /** For diff of the dump and of after.yaml, and for dump. */
  readonly scope?: readonly string[];
  readonly env?: Record<string, string>;
}

describe('the replay corpus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
  let gateway: Gateway;
  let shell: Shell;
  before(async () => {
    gateway = await startGateway();
    shell = openShell();
  });
  after(async () => {
    shell.close();
    await gateway.close();
  });

  for (const [i, name] of readdirSync(corpus).sort().entries()) {
    // One call or many: both ways must end in the same.
    const bulk = i % 2 === 0 ? '--bulk' : '--no-bulk';
    it(`${name} (${bulk.slice(2)})`, async () => {
      await gateway.store.replace(createState(gateway.state.schemas));
      const path = (file: string): string => join(corpus, name, file);
      const settings = (
        existsSync(path('settings.json')) ? JSON.parse(readFileSync(path('settings.json'), 'utf8')) : {}
      ) as Settings;
      const { command = 'sync', args = [], scope = [], env = {} } = settings;
      const run = (...words: string[]) => shell.run([...words, '--kong-addr', gateway.address], { env });
      if (existsSync(path('before.yaml'))) {
        const prepared = await run('sync', path('before.yaml'));
        assert.deepEqual([prepared.code, prepared.err], [0, '']);
      }
      const files = existsSync(path('file.yaml')) ? [path('file.yaml')] : [];
      const plan = readFileSync(path('plan.txt'), 'utf8');
      if (command === 'sync') {
        assert.deepEqual(await run('diff', ...files, ...args), { code: 0, out: plan, err: '' });
      }
      const allowed = command === 'sync' ? ['--allow-empty'] : command === 'reset' ? ['--force'] : [];
      const done = await run(command, ...files, ...args, ...allowed, bulk);
      assert.deepEqual(done, { code: 0, out: plan, err: '' });

      const after = existsSync(path('after.yaml'));
      const again = after ? await run('diff', path('after.yaml'), ...scope) : await run('diff', ...files, ...args);
      assert.deepEqual(again, { code: 0, out: NOTHING, err: '' });
      const dumped = join(folder, `${i}.yaml`);
      const dump = await run('dump', '-o', dumped, '--yes', ...scope);
      assert.equal(dump.code, 0, dump.err);
      const brief = join(folder, `${i}-brief.json`);
      assert.equal((await run('dump', '-o', brief, '--yes', '--skip-defaults', '--with-id', ...scope)).code, 0);
      for (const file of [dumped, brief]) {
        const same = await run('diff', file);
        assert.deepEqual(same, { code: 0, out: NOTHING, err: '' }, readFileSync(file, 'utf8'));
      }
    });
  }
});
