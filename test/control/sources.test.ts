// Which files a directory stands for, on a real file system.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readSources } from '../../src/control/file/sources.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gwctl-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each file holds its own path. */
function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
}

async function read(directory = '.'): Promise<{ texts: string[]; problems: string[] }> {
  const { sources, problems } = await readSources([join(folder, directory)]);
  return {
    texts: sources.map(({ text }) => text),
    problems: problems.map(({ source, message }) => `${source.name.slice(folder.length + 1)}: ${message}`),
  };
}

describe('a directory of state files', () => {
  it('is read to its depth, in the order of the paths', async () => {
    write('b.yaml', 'a/z.YML', 'a/b/c.json', 'c.yml', 'notes.txt', 'yaml', '.hidden.yaml');
    assert.deepEqual(await read(), {
      texts: ['.hidden.yaml', 'a/b/c.json', 'a/z.YML', 'b.yaml', 'c.yml'],
      problems: [],
    });
  });

  it('may hold links to files; those to directories are not followed', async () => {
    write('own/a.yaml', 'elsewhere/shared.yaml', 'elsewhere/deep/b.yaml');
    symlinkSync('../elsewhere/shared.yaml', join(folder, 'own/z.yaml'));
    symlinkSync('../elsewhere/deep', join(folder, 'own/deep.yaml'));
    assert.deepEqual(await read('own'), { texts: ['own/a.yaml', 'elsewhere/shared.yaml'], problems: [] });
  });

  it('counts a file and the links to it once', async () => {
    write('mounted/..2026/kong.yaml');
    symlinkSync('..2026', join(folder, 'mounted/..data'));
    symlinkSync('..data/kong.yaml', join(folder, 'mounted/kong.yaml'));
    assert.deepEqual(await read('mounted'), { texts: ['mounted/..2026/kong.yaml'], problems: [] });
  });

  it('names the file in it that cannot be read', async () => {
    write('a.yaml');
    symlinkSync('nowhere', join(folder, 'b.yaml'));
    const problems = ['b.yaml: cannot read it: no such file or directory'];
    assert.deepEqual(await read(), { texts: ['a.yaml'], problems });
  });

  it('has to hold one', async () => {
    write('notes.txt');
    const { problems } = await readSources([folder]);
    assert.match(problems[0]!.message, /the directory holds no \.yaml, \.yml or \.json file/);
  });
});
