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
    assert.deepEqual(complete(''), ['diff', 'dump', 'gateway']);
    assert.deepEqual(complete('gateway', ''), ['diff']);
    assert.deepEqual(complete('diff', '--'), ['--format', '--yes']);
    assert.deepEqual(complete('gateway', 'diff', '--y'), ['--yes']);
    assert.deepEqual(complete('diff', '--format', 'd'), ['deck']);
  });

  for (const [shell, check] of [
    ['zsh', '-n'],
    ['fish', '--no-execute'],
  ] as const) {
    it(`is no syntax error in ${shell}`, (context) => {
      if (!isInstalled(shell)) return context.skip(`${shell} is not installed`);
      const { status, stderr } = spawnSync(shell, [check], {
        input: completionScript(shell, COMMANDS),
        encoding: 'utf8',
      });
      assert.deepEqual([status, stderr], [0, '']);
    });
  }

  it('quotes what fish would take for its own', () => {
    const script = completionScript('fish', COMMANDS);
    assert.ok(script.includes("-f -a 'diff' -d 'Show what\\'s new'"));
    assert.ok(script.includes("-l format -x -a 'human deck'"));
    assert.ok(script.includes("-n '__fish_seen_subcommand_from gateway; and __fish_seen_subcommand_from diff' -l yes"));
  });
});
