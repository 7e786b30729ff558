// The executable itself: which runtime it accepts, and what it says when it has none. Needs `npm run build` before.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../src/lib/version.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Makes a runtime pretend to be an old one, once. */
const OLD = `data:text/javascript,if (process.env.GWCTL_RESTARTED !== '1') Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.0' } });`;

/** A package with nothing in it but the executable. */
function makePackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  cpSync(join(root, 'bin/gwctl.js'), join(folder, 'bin/gwctl.js'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return folder;
}

const run = (folder: string, ...args: string[]) =>
  spawnSync(process.execPath, [...args.slice(0, -1), join(folder, 'bin/gwctl.js'), args.at(-1)!], { encoding: 'utf8' });

describe('bin/gwctl.js', () => {
  it('says one sentence on an old runtime that has no other beside it', () => {
    const { status, stdout, stderr } = run(makePackage(), '--import', OLD, 'ping');
    assert.deepEqual(
      [status, stdout, stderr],
      [1, '', 'Error: gwctl needs Node 22.19 or newer, and this is Node 18.19.0.\n'],
    );
  });

  it('starts again with the runtime of its package', () => {
    const folder = makePackage();
    symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'));
    const { status, stderr } = run(folder, '--import', OLD, 'ping');
    assert.deepEqual([status, stderr], [1, 'Error: gwctl is not built yet. Run: npm run build\n']);
  });

  it('uses nothing that an old runtime cannot parse', () => {
    const text = readFileSync(join(root, 'bin/gwctl.js'), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
    assert.doesNotMatch(text, /\?\?|\?\.|#[a-z]|\|\|=|node:/);
  });

  it('tells its version', () => {
    const { status, stdout, stderr } = run(root, '--version');
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(stdout.startsWith(`gwctl/${VERSION} `), stdout);
  });

  it('lists every command with a description', () => {
    const { status, stdout } = run(root, '--help');
    assert.equal(status, 0);
    for (const name of ['diff', 'dump', 'ping', 'sync', 'validate'])
      assert.match(stdout, new RegExp(`^ {2}${name} +\\S`, 'm'));
  });

  it('explains a command once, in paragraphs as wide as the page', () => {
    const script = join(root, 'bin/gwctl.js');
    const { stdout } = spawnSync(process.execPath, [script, 'validate', '--help'], { encoding: 'utf8' });
    assert.equal(stdout.match(/Check state files$/gm)?.length, 1);
    const paragraph = /^DESCRIPTION\n([\s\S]+?)\n\n/m.exec(stdout)?.[1]?.split('\n') ?? [];
    assert.ok(paragraph.length > 3, stdout);
    for (const [i, line] of paragraph.slice(0, -1).entries()) {
      // The next word would not have fitted.
      const next = paragraph[i + 1]!.trim().split(' ')[0]!;
      assert.ok(line.length + 1 + next.length > 80, line);
    }
  });
});
