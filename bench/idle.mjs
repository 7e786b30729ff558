// What a gateway costs that has nothing to do: time until it is ready, memory at rest, and memory with very many keep-alive
// connections of which each was used once, in one process that does everything. Beside it the memory of one of two workers at
// rest. Load and upstream share this process.
//   node bench/idle.mjs [connections]
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { folder, median, printTable, serve } from './rig.mjs';

const COUNT = Number(process.argv[2] ?? 10_000);
const STARTS = 7;
/** At once: more than the queue of a listener holds would have to try again. */
const BATCH = 200;
const SETTLE_MS = 5000;

const residentOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
/** Without the pages of the executable, which all processes share. */
const ownOf = (pid) => Number(/Pss_Anon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
const descriptorsOf = (limits) => Number(/Max open files\s+(\d+)/.exec(limits)[1]);

if (descriptorsOf(readFileSync('/proc/self/limits', 'utf8')) < COUNT + 1000) {
  console.error(`the limit on open files is too low for ${COUNT} connections: ulimit -n ${COUNT + 1000}`);
  process.exit(2);
}

const upstream = createServer((_, response) => response.end('ok'));
await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const file = join(folder, 'idle.yaml');
writeFileSync(
  file,
  `_format_version: "3.0"
services:
  - {name: s, url: "http://127.0.0.1:${upstream.address().port}", routes: [{name: r, paths: [/]}]}
`,
);

const starts = [];
for (let i = 0; i < STARTS; i++) {
  const gateway = await serve(file);
  starts.push(gateway.readyMs);
  await gateway.stop();
}

const two = await serve(file, { env: { KONG_NGINX_WORKER_PROCESSES: '2' } });
await delay(SETTLE_MS);
const workers = readFileSync(`/proc/${two.child.pid}/task/${two.child.pid}/children`, 'utf8').trim().split(' ');
const worker = { idle: residentOf(workers[0]), own: ownOf(workers[0]) };
await two.stop();

const gateway = await serve(file);
const { pid } = gateway.child;
await delay(SETTLE_MS);
const idle = residentOf(pid);
const own = ownOf(pid);

const sockets = [];
for (let opened = 0; opened < COUNT; opened += BATCH) {
  await Promise.all(Array.from({ length: Math.min(BATCH, COUNT - opened) }, use));
}
const busy = residentOf(pid);
await delay(SETTLE_MS);
const held = residentOf(pid);
const isOpen = sockets.filter((socket) => !socket.destroyed).length;
for (const socket of sockets) socket.destroy();
await delay(SETTLE_MS);

printTable([
  ['what', 'measured', 'target'],
  [
    'ready',
    `${Math.round(median(starts))} ms (${Math.round(Math.min(...starts))}–${Math.round(Math.max(...starts))})`,
    '≤ 250 ms',
  ],
  ['memory at rest', `${Math.round(idle)} MB`, '≤ 90 MB'],
  ['of that its own', `${Math.round(own)} MB`, ''],
  ['a worker at rest', `${Math.round(worker.idle)} MB`, '≤ 90 MB'],
  ['of that its own', `${Math.round(worker.own)} MB`, ''],
  [`memory, ${isOpen} idle connections`, `${Math.round(held)} MB`, '≤ 250 MB'],
  ['just after the last of them was served', `${Math.round(busy)} MB`, ''],
  ['a connection', `${(((held - idle) * 1024) / isOpen).toFixed(1)} KB`, ''],
  ['memory after they have gone', `${Math.round(residentOf(pid))} MB`, ''],
]);
await gateway.stop();
upstream.closeAllConnections();
upstream.close();

/** Opens a connection, sends a request, and stays when the answer is there. */
function use() {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.proxyPort, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('connect', () =>
      socket.write('GET /x HTTP/1.1\r\nHost: a.test\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n'),
    );
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('ok')) resolve();
    });
    socket.on('error', reject);
  });
}
