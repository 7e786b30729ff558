// Files that hold secrets, and what a path may be instead of a file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writePrivateFile } from '../../src/control/file/output-file.ts';

const root = mkdtempSync(join(tmpdir(), 'output-'));
after(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

test('a file is readable by its owner only, and replaced whole', async () => {
  const at = folder('plain');
  await writePrivateFile(join(at, 'a.yaml'), 'one');
  await writePrivateFile(join(at, 'a.yaml'), 'two');
  assert.equal(readFileSync(join(at, 'a.yaml'), 'utf8'), 'two');
  assert.equal(statSync(join(at, 'a.yaml')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(at), ['a.yaml']);
});

test('a symbolic link stays one, and what it leads to is written', async () => {
  const at = folder('links');
  mkdirSync(join(at, 'deep', 'er'), { recursive: true });
  symlinkSync('deep/er', join(at, 'door'));
  // From the folder where the link really is.
  symlinkSync('../state.yaml', join(at, 'deep', 'er', 'second.yaml'));
  symlinkSync('door/second.yaml', join(at, 'first.yaml'));
  for (const text of ['the first time nothing is there', 'then there is']) {
    await writePrivateFile(join(at, 'first.yaml'), text);
    assert.equal(readFileSync(join(at, 'deep', 'state.yaml'), 'utf8'), text);
    assert.ok(lstatSync(join(at, 'first.yaml')).isSymbolicLink());
    assert.ok(lstatSync(join(at, 'deep', 'er', 'second.yaml')).isSymbolicLink());
  }
  assert.deepEqual(readdirSync(join(at, 'deep')).sort(), ['er', 'state.yaml']);
});

test('a link that leads round in a circle is refused', async () => {
  const at = folder('circle');
  symlinkSync('b', join(at, 'a'));
  symlinkSync('a', join(at, 'b'));
  await assert.rejects(writePrivateFile(join(at, 'a'), 'x'), { code: 'ELOOP' });
});

test('a pipe is written to and stays a pipe', async () => {
  const at = folder('pipe');
  execFileSync('mkfifo', [join(at, 'p')]);
  const [read] = await Promise.all([readFile(join(at, 'p'), 'utf8'), writePrivateFile(join(at, 'p'), 'through')]);
  assert.equal(read, 'through');
  assert.ok(lstatSync(join(at, 'p')).isFIFO());
});
