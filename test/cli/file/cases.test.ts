// Golden cases of the `file` commands: each folder below fixtures/file-commands/<command>/ holds input files, case.json with
// the arguments, and what must come of them: expected.* for standard output, or for the file `out`, and expected.err.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CASES = join(ROOT, 'fixtures', 'file-commands');

interface Case {
  readonly says: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly code?: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'gwctl-file-'));
after(() => rmSync(scratch, { recursive: true }));

async function run(command: string, { args, env, stdin }: Case, cwd: string) {
  const child = spawn(process.execPath, [join(ROOT, 'test', 'cli', 'run-source.mjs'), command, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'pipe',
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin === undefined ? '' : readFileSync(join(cwd, stdin)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

for (const command of foldersIn(CASES)) {
  describe(`file ${command}`, { concurrency: 2 }, () => {
    for (const name of foldersIn(join(CASES, command))) {
      const source = join(CASES, command, name);
      const given = JSON.parse(readFileSync(join(source, 'case.json'), 'utf8')) as Case;
      it(given.says, async () => {
        const folder = join(scratch, command, name);
        cpSync(source, folder, { recursive: true });
        const { code, out, err } = await run(command === 'validate' ? command : `file/${command}`, given, folder);
        const expected = readdirSync(folder).find((file) => /^expected\.(?!err$)/.test(file));
        const errors = join(folder, 'expected.err');
        const written = join(folder, 'out');
        assert.equal(err, existsSync(errors) ? readFileSync(errors, 'utf8') : '');
        const result = existsSync(written) ? readFileSync(written, 'utf8') : out;
        assert.equal(result, expected === undefined ? '' : readFileSync(join(folder, expected), 'utf8'));
        if (existsSync(written)) assert.equal(out, '', 'what goes to a file is not printed as well');
        assert.equal(code, given.code ?? 0);
      });
    }
  });
}
