// The shell steps of the guides, run as written, in order, against the Admin API of this project.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startGateway } from './rig.ts';

const here = dirname(fileURLToPath(import.meta.url));
const docs = join(here, '../../docs');

const steps = (page: string): string =>
  [...readFileSync(join(docs, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .map(([, block]) => block)
    .join('\n');

async function run(page: string, address: string): Promise<{ code: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-docs-'));
  mkdirSync(join(folder, 'bin'));
  const shim = `#!/bin/sh\nexec '${process.execPath}' '${join(here, 'gwctl.mjs')}' "$@"\n`;
  writeFileSync(join(folder, 'bin/gwctl'), shim, { mode: 0o755 });
  const child = spawn('sh', ['-ec', steps(page)], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      DECK_KONG_ADDR: address,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // With a group of its own, what a step leaves behind can be ended too.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, 'exit')) as [number | null];
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // Nothing is left, as it should be.
  }
  return { code, output };
}

describe('the guides', () => {
  for (const page of ['pull-requests.md', 'pipelines.md', 'local-testing.md', 'from-deck.md']) {
    it(`${page} work as written`, { timeout: 90_000 }, async () => {
      const gateway = await startGateway();
      const { code, output } = await run(page, gateway.address);
      await gateway.close();
      assert.equal(code, 0, output);
    });
  }

  it('the report has the members that json-output.md promises', () => {
    const text = readFileSync(join(docs, 'json-output.md'), 'utf8');
    const example = JSON.parse(/^```json\n([\s\S]*?)^```$/m.exec(text)![1]!);
    assert.deepEqual(Object.keys(example), ['changes', 'summary', 'warnings', 'errors']);
  });
});
