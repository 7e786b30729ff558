// The command line on large states: time and peak memory of validate, diff and sync, time until serve is ready.
//   npm run bench:cli [-- --sizes 500,5000,25000,50000]
// A size is the number of services; each has a route, so a state has twice as many entities.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { folder, GWCTL, median, memoryOf, printTable, run, serve } from './rig.mjs';

const { values } = parseArgs({ options: { sizes: { type: 'string', default: '500,5000,25000,50000' } } });

/** N services with one route each, as YAML. */
function generate(size, changedEvery) {
  const lines = ['_format_version: "3.0"', 'services:'];
  for (let i = 0; i < size; i++) {
    const retries = changedEvery > 0 && i % changedEvery === 0 ? 7 : 5;
    lines.push(`- name: service-${i}`, `  host: host-${i}.internal`, `  port: 8080`, `  retries: ${retries}`);
    lines.push('  tags: [bench]', '  routes:', `  - name: route-${i}`, `    paths: ["/service-${i}"]`);
    lines.push(`    hosts: [h${i % 100}.test]`, '    tags: [bench]');
  }
  return `${lines.join('\n')}\n`;
}

const gwctl = (...args) => run(process.execPath, [GWCTL, ...args]);
const show = (result) => `${Math.round(result.ms)} ms, ${Math.round(result.peakMb)} MB`;

const rows = [['what', 'measured', 'target']];
const versions = [];
for (let i = 0; i < 10; i++) versions.push((await gwctl('--version')).ms);
rows.push(['gwctl --version', `${Math.round(median(versions))} ms`, '≤ 120 ms']);

for (const size of values.sizes.split(',').map(Number)) {
  const file = join(folder, `${size}.yaml`);
  const changed = join(folder, `${size}-changed.yaml`);
  writeFileSync(file, generate(size, 0));
  writeFileSync(changed, generate(size, 100));
  const name = `${size} services + ${size} routes`;
  /** Targets hold for one size each: 10 000, 50 000 and 100 000 entities. */
  const wanted = (at, target) => (size === at ? target : '');

  const gateway = await serve(file);
  rows.push([`serve, ${name}: ready`, `${Math.round(gateway.readyMs)} ms`, '']);
  const at = ['--kong-addr', gateway.admin];
  rows.push([`validate, ${name}`, show(await gwctl('validate', file)), wanted(25_000, '≤ 6000 ms, ≤ 1000 MB')]);
  const diff = await gwctl('diff', changed, ...at);
  if (!diff.stdout.includes(`Updated: ${size / 100}`)) throw new Error(`diff went wrong: ${diff.stdout}${diff.stderr}`);
  rows.push([`diff, 1 % changed, ${name}`, show(diff), wanted(50_000, '≤ 6000 ms, ≤ 1000 MB')]);
  rows.push([`sync, 1 % changed, ${name}`, show(await gwctl('sync', changed, '--silence-events', ...at)), '']);
  rows.push([`memory of serve, ${name}`, `${Math.round(memoryOf(gateway.child.pid))} MB`, '']);
  await gateway.stop();

  if (size > 5000) continue;
  for (const [way, target] of [
    ['--bulk', '≤ 5000 ms'],
    ['--no-bulk', '≤ 25000 ms'],
  ]) {
    const empty = await serve(undefined);
    const sync = await gwctl('sync', file, way, '--silence-events', '--parallelism', '32', '--kong-addr', empty.admin);
    if (!sync.stdout.includes(`Created: ${size * 2}`)) throw new Error(`sync went wrong: ${sync.stdout}${sync.stderr}`);
    rows.push([`sync ${way} of everything, ${name}`, show(sync), wanted(5000, target)]);
    await empty.stop();
  }
}
printTable(rows);
process.exit(0);
