// Runs the README: its first command, and the commands of its tour as written, in a copy of what they touch.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const shell = (script: string, cwd: string): Promise<Run> =>
  new Promise((resolve) => {
    execFile('sh', ['-c', script], { cwd, timeout: 120_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });

const blocks = (kind: string): string[] =>
  [...readme.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === kind).map((match) => match[2]!);

test('the first command does the main job', async () => {
  const command = blocks('sh')[0]!.trim();
  assert.match(command, /^npm ci && npm run quickstart$/);
  // The packages are installed already, or this test would not run.
  const { code, stdout } = await shell(command.replace('npm ci && ', ''), ROOT);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /Everything above is as the file says\./);
});

test('the second command is the one that runs these tests', async () => {
  assert.equal(blocks('sh')[1]!.trim(), 'npm ci && npm test');
  const ci = await readFile(join(ROOT, '.ci', 'run'), 'utf8');
  for (const command of ['npm ci', 'npm run quickstart', 'npm test']) assert.match(ci, new RegExp(`^${command}$`, 'm'));
});

test('the tour works as written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gwctl-tour-'));
  try {
    for (const name of ['bin', 'dist', 'fixtures', 'node_modules', 'package.json', 'oclif.manifest.json']) {
      await symlink(join(ROOT, name), join(folder, name));
    }
    const { code, stdout, stderr } = await shell(`set -e\n${blocks('sh tour').join('\n')}\nwait`, folder);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /gwctl \S+ is ready in \d+ ms/);
    assert.match(stdout, /No API key found in request/);
    assert.match(
      stdout,
      /updating plugin rate-limiting for route orders {2}\{\n- {2}config\.minute: 5\n\+ {2}config\.minute: 8\n/,
    );
    assert.match(stdout, /Summary:\n {2}Created: 0\n {2}Updated: 0\n {2}Deleted: 0\n/);
    assert.match(stderr, /<stdin>:10:5: error: unknown field 'retrys'[\s\S]*did you mean 'retries'/);
    assert.match(stdout, /exit code 1/);
    assert.match(await readFile(join(folder, 'dumped.yaml'), 'utf8'), /minute: 8/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
