import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const MODULE = new URL('../../src/lib/engine-flag.ts', import.meta.url).href;
/** A flag whose value every new context shows. */
const PROGRAM = `import { setEngineFlag } from '${MODULE}';
import { runInNewContext } from 'node:vm';
setEngineFlag('stack-trace-limit', 7);
console.log(runInNewContext('Error.stackTraceLimit'));`;

function limitOf(options: readonly string[], nodeOptions = ''): string {
  const env = { ...process.env, NODE_OPTIONS: nodeOptions };
  const args = [...options, '--input-type=module', '--eval', PROGRAM];
  return execFileSync(process.execPath, args, { env, encoding: 'utf8' }).trim();
}

test('a flag of the engine is set for what comes after', () => {
  assert.equal(limitOf([]), '7');
});

test('a flag that the user gave to node stays as it is, however it was given', () => {
  assert.equal(limitOf(['--stack-trace-limit=3']), '3');
  assert.equal(limitOf(['--stack_trace_limit=3']), '3');
  assert.equal(limitOf([], '--no-warnings --stack-trace-limit=3'), '3');
});
