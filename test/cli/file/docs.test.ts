// docs/file-commands.md shows what the commands print: its examples are run as they stand.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gwctl-docs-'));
after(() => rmSync(folder, { recursive: true }));

const FILES: Readonly<Record<string, string>> = {
  'orders.yaml': [
    '_format_version: "3.0"',
    'services:',
    '  - name: orders # owned by team A',
    '    url: https://orders.internal/api',
    '    routes:',
    '      - name: list',
    '        paths: [/list]',
    '        strip_path: false',
    '',
  ].join('\n'),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of state files
  'payments.yaml': '_format_version: "3.0"\nservices:\n  - name: payments\n    host: ${{ env "DECK_PAYMENTS_HOST" }}\n',
  'openapi.yaml': [
    'openapi: 3.1.0',
    'info: {title: Orders}',
    'servers: [{url: https://orders.internal/v1}]',
    'x-kong-plugin-key-auth: {}',
    'paths:',
    '  /orders/{id}:',
    '    get: {operationId: readOrder}',
    '',
  ].join('\n'),
};

async function run(line: string): Promise<string> {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
  const child = spawn(
    process.execPath,
    [join(ROOT, 'test', 'cli', 'run-source.mjs'), `file/${words[2]!}`, ...words.slice(3)],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  await once(child, 'close');
  return out;
}

it('every example of the guide prints what it shows', async () => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const guide = readFileSync(join(ROOT, 'docs', 'file-commands.md'), 'utf8');
  let commands = 0;
  for (const [, language, block = ''] of guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (language !== '') continue;
    for (const step of block.split(/^\$ /m).slice(1)) {
      const end = step.indexOf('\n');
      const [line, shown] = [step.slice(0, end), step.slice(end + 1)];
      if (line.startsWith('cat ')) writeFileSync(join(folder, line.slice(4)), shown);
      else {
        assert.equal(await run(line), shown, line);
        commands++;
      }
    }
  }
  assert.equal(commands, 4);
});
