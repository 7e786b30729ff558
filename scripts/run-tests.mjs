// Runs every test file with the repository's own Node and ends with the counts: `N passed, N failed`. Arguments are passed
// on as file patterns, so `node scripts/run-tests.mjs test/router/*.test.ts` runs a part.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';

const patterns = process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts', 'src/**/*.test.ts'];
const files = patterns.flatMap((pattern) => globSync(pattern)).sort();
if (files.length === 0) {
  console.error(`no test files match ${patterns.join(' ')}`);
  process.exit(1);
}

const flags = ['--test', '--test-reporter=tap', '--test-concurrency=2'];
const child = spawn(process.execPath, [...flags, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
const counts = { pass: 0, fail: 0, skipped: 0, cancelled: 0, todo: 0 };
/** Lines of a failing test are shown; passing ones only move a counter. */
let isShowing = false;
for await (const line of createInterface({ input: child.stdout })) {
  const summary = /^# (pass|fail|skipped|cancelled|todo) (\d+)$/.exec(line);
  if (summary !== null) counts[summary[1]] = Number(summary[2]);
  if (/^\s*not ok /.test(line)) isShowing = true;
  else if (/^\s*ok /.test(line)) isShowing = false;
  if (isShowing) console.log(line);
}
const code = await new Promise((resolve) => {
  if (child.exitCode !== null) resolve(child.exitCode);
  else child.on('exit', resolve);
});
const failed = counts.fail + counts.cancelled;
if (counts.skipped + counts.todo > 0) console.log(`${counts.skipped + counts.todo} skipped`);
console.log(`${counts.pass} passed, ${failed} failed`);
process.exitCode = code === 0 && failed === 0 ? 0 : 1;
