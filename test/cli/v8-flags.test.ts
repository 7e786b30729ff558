// Settings of the JavaScript engine while a process of `serve` starts, watched in a process of its own by what V8 tells.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const FLAGS = new URL('../../src/cli/serve/v8-flags.ts', import.meta.url).href;
const SCRIPT = `
import { holdCompilers, releaseCompilers } from '${FLAGS}';
const hot = (add) => {
  let sum = 0;
  for (let i = 0; i < 1e6; i++) sum = add(sum, i);
  return sum;
};
holdCompilers();
hot(function held(a, b) { return (a + b) | 0; });
console.log('released');
releaseCompilers();
const served = function served(a, b) { return (a + b) | 0; };
for (let i = 0; i < 50; i++) {
  hot(served);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
`;

async function compiled(...flags: string[]): Promise<{ held: string[]; released: string[] }> {
  const args = ['--trace-opt', ...flags, '--input-type=module', '-e', SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [held, released] = stdout.split('released') as [string, string];
  const named = (text: string): string[] =>
    [...text.matchAll(/completed compiling .*JSFunction (held|served|hot) .*target (\w+)/g)].map(
      ([, name, target]) => `${name} by ${target}`,
    );
  return { held: named(held), released: named(released) };
}

test('compilers that are held compile nothing, and all of them do when they are released', async () => {
  const { held, released } = await compiled();
  assert.deepEqual(held, []);
  assert.ok(released.includes('served by MAGLEV'), released.join());
  assert.ok(released.includes('hot by TURBOFAN_JS'), released.join());
});

test('who starts node without compilers gets none by their release', async () => {
  assert.deepEqual(await compiled('--no-opt', '--no-maglev'), { held: [], released: [] });
});
