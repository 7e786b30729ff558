// What loading a large state file again does to requests that come meanwhile: 100 000 routes, all of them changed, one, none.
//   node bench/reload-file.mjs [routes]
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { COLUMNS, RouteLoad } from './reload-load.mjs';
import { folder, serve } from './rig.mjs';

const COUNT = Number(process.argv[2] ?? 100_000);

const upstream = createServer((_, response) => response.end('ok'));
await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const file = join(folder, 'reload.yaml');
function write(version, first = version) {
  const route = (_, i) =>
    `  - {name: r${i}, hosts: [h${i >> 4}.test], paths: [/r${i}/${i === 0 ? first : version}, /r${i}/all]}\n`;
  const head = `_format_version: "3.0"\nservices:\n- name: s\n  url: http://127.0.0.1:${upstream.address().port}\n  routes:\n`;
  writeFileSync(file, head + Array.from({ length: COUNT }, route).join(''));
}

write('old');
const gateway = await serve(file);
const load = new RouteLoad(gateway.proxyPort, COUNT);
const isServed = async (path) => {
  const response = await fetch(`${gateway.admin}/routes/r0`);
  return (await response.json()).paths[0] === path;
};
/** Till the Admin API shows it. */
const reload = async (path) => {
  const start = performance.now();
  gateway.child.kill('SIGHUP');
  if (path === undefined) await delay(10_000);
  else while (!(await isServed(path))) await delay(100);
  return path === undefined ? '' : `after ${Math.round(performance.now() - start)} ms`;
};

await load.during('warm-up', () => delay(3000, ''));
console.log(`${COUNT} routes; ${COLUMNS}`);
await load.during('nothing else', () => delay(5000, ''));
write('new');
await load.during('all routes changed', () => reload('/r0/new'));
write('new', 'other');
await load.during('one route changed', () => reload('/r0/other'));
await load.during('nothing changed', () => reload(undefined));
load.close();
await gateway.stop();
upstream.closeAllConnections();
upstream.close();
