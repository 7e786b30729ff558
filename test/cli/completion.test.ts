// The completion scripts, in the shells that are installed here.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { completionScript } from '../../src/cli/completion.ts';

const COMMANDS = [
  {
    words: ['diff'],
    summary: "Show what's new",
    flags: [{ name: 'format', options: ['human', 'deck'] }, { name: 'yes' }],
  },
  { words: ['dump'], summary: 'Write', flags: [{ name: 'with-id' }] },
  { words: ['gateway', 'diff'], summary: 'Show', flags: [{ name: 'yes' }] },
  { words: ['gateway', 'diff'], summary: 'Show', flags: [{ name: 'yes' }] },
  { words: ['completion'], summary: 'Print', values: ['bash', 'zsh', 'fish'], flags: [] },
];

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

const complete = (...words: string[]): string[] => {
  const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=(gwctl ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _gwctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.split('\n').filter((line) => line !== '');
};

describe('completion', () => {
  it('knows commands, flags and values in bash', (context) => {
    if (!isInstalled('bash')) return context.skip('bash is not installed');
    assert.deepEqual(complete('d'), ['diff', 'dump']);
    assert.deepEqual(complete(''), ['completion', 'diff', 'dump', 'gateway']);
    assert.deepEqual(complete('gateway', ''), ['diff']);
    assert.deepEqual(complete('diff', '--'), ['--format', '--yes']);
    assert.deepEqual(complete('gateway', 'diff', '--y'), ['--yes']);
    assert.deepEqual(complete('diff', '--format', 'd'), ['deck']);
    assert.deepEqual(complete('diff', '--format', '='), ['human', 'deck']);
    assert.deepEqual(complete('diff', '--format', '=', 'd'), ['deck']);
    assert.deepEqual(complete('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(complete('diff', ''), [], 'files, which bash knows itself');
  });

  for (const [shell, check] of [
    ['zsh', '-n'],
    ['fish', '--no-execute'],
  ] as const) {
    it(`is no syntax error in ${shell}`, (context) => {
      if (!isInstalled(shell)) return context.skip(`${shell} is not installed`);
      const script = completionScript(shell, COMMANDS);
      const { status, stderr } = spawnSync(shell, [check, '-c', script], { encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
    });
  }

  it('knows the same in fish', (context) => {
    if (!isInstalled('fish')) return context.skip('fish is not installed');
    const script = completionScript('fish', COMMANDS);
    const ask = (line: string): string[] => {
      const { stdout } = spawnSync('fish', ['--no-config', '-c', `${script}\ncomplete -C '${line}'`], {
        encoding: 'utf8',
      });
      return stdout
        .split('\n')
        .map((found) => found.split('\t')[0]!)
        .filter((found) => found !== '')
        .sort();
    };
    assert.deepEqual(ask('gwctl d'), ['diff', 'dump']);
    assert.deepEqual(ask('gwctl gateway d'), ['diff']);
    assert.deepEqual(ask('gwctl diff --f'), ['--format']);
    assert.deepEqual(ask('gwctl diff --format '), ['deck', 'human']);
    assert.deepEqual(ask('gwctl gateway diff --y'), ['--yes']);
    assert.deepEqual(ask('gwctl completion '), ['bash', 'fish', 'zsh']);
  });

  it('quotes what fish would take for its own', () => {
    const script = completionScript('fish', COMMANDS);
    assert.ok(script.includes("-f -a 'diff' -d 'Show what\\'s new'"));
    assert.ok(script.includes("-l format -x -a 'human deck'"));
    assert.ok(script.includes("-n '__fish_seen_subcommand_from gateway; and __fish_seen_subcommand_from diff' -l yes"));
  });
});
