// The router by itself: nanoseconds a match and time to build, for each flavour and for 1 to 100 000 routes. Also what a
// build in slices does to whoever shares the process: the longest and the 99th percentile wait of a turn of the event loop.
//   node bench/router.mjs [count …]
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { compileRouter, compileRouterInSteps } from '../src/gateway/router/router.ts';
import { runInSlices } from '../src/gateway/slices.ts';

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 100, 10_000, 100_000];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

const idOf = (i) => `${i.toString(16).padStart(8, '0')}-7a11-4000-8000-${(i * 7919).toString(16).padStart(12, '0')}`;
const base = (i) => ({ id: idOf(i), protocols: ['http', 'https'], created_at: 1_700_000_000 + (i % 1000) });

/** What routes look like: each set says how route i matches, and which request it is found by. */
const SETS = {
  'host and path': {
    fields: (i) => ({ hosts: [`h${i >> 4}.example.com`], paths: [`/api/v1/r${i}`] }),
    expression: (i) => `http.host == "h${i >> 4}.example.com" && http.path ^= "/api/v1/r${i}"`,
    request: (i) => ({ host: `h${i >> 4}.example.com`, path: `/api/v1/r${i}/items/42` }),
  },
  path: {
    fields: (i) => ({ paths: [`/s${i % 1000}/r${i}`] }),
    expression: (i) => `http.path ^= "/s${i % 1000}/r${i}"`,
    request: (i) => ({ path: `/s${i % 1000}/r${i}/x` }),
  },
  'one path, other headers': {
    fields: (i) => ({ paths: ['/api'], methods: [METHODS[i & 3]], headers: { 'x-tenant': [`t${i}`] } }),
    expression: (i) => `http.path ^= "/api" && http.method == "${METHODS[i & 3]}" && http.headers.x_tenant == "t${i}"`,
    request: (i) => ({ path: '/api/x', method: METHODS[i & 3], headers: { 'x-tenant': `t${i}` } }),
  },
  'regular expressions': {
    fields: (i) => ({ paths: [`~/r${i}/(?<id>\\d+)/x$`] }),
    expression: (i) => `http.path ~ r#"^/r${i}/(?P<id>\\d+)/x$"#`,
    request: (i) => ({ path: `/r${i}/12345/x` }),
  },
};

function inputOf({ host = 'any.test', path, method = 'GET', headers = {} }) {
  const lists = new Map(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const none = [];
  return {
    method,
    host,
    path,
    scheme: 'http',
    port: 80,
    headers: { getAll: (name) => lists.get(name) ?? none },
  };
}

const routesOf = (set, flavor, count) =>
  Array.from({ length: count }, (_, i) =>
    flavor === 'expressions' ? { ...base(i), expression: set.expression(i) } : { ...base(i), ...set.fields(i) },
  );

function measureMatch(router, set, count) {
  const inputs = Array.from({ length: 2048 }, (_, k) => inputOf(set.request((k * 7919) % count)));
  for (const input of inputs) if (router.match(input) === undefined) throw new Error(`no match for ${input.path}`);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < 10; turn++) for (const input of inputs) router.match(input);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (10 * inputs.length));
  }
  return best;
}

async function measureSlices(routes, options) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let longestGc = 0;
  const gc = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestGc = Math.max(longestGc, duration);
  });
  gc.observe({ entryTypes: ['gc'] });
  const waits = [];
  let last = performance.now();
  let isRunning = true;
  const turn = () => {
    const now = performance.now();
    waits.push(now - last);
    last = now;
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  delay.enable();
  const start = performance.now();
  await runInSlices(compileRouterInSteps(routes, options), 1).done;
  const took = performance.now() - start;
  isRunning = false;
  delay.disable();
  gc.disconnect();
  waits.sort((a, b) => a - b);
  return { took, p99: waits[Math.floor(waits.length * 0.99)] ?? 0, max: waits[waits.length - 1] ?? 0, longestGc };
}

const ms = (value) => value.toFixed(1).padStart(8);
console.log('flavour                 routes  match ns   build ms  sliced ms  p99 ms   max ms    gc ms  set');
for (const [name, set] of Object.entries(SETS)) {
  for (const flavor of ['traditional_compatible', 'traditional', 'expressions']) {
    for (const count of COUNTS) {
      const options = { flavor, calculation: 'strict' };
      const routes = routesOf(set, flavor, count);
      const start = performance.now();
      const router = compileRouter(routes, options);
      const built = performance.now() - start;
      const match = measureMatch(router, set, count);
      const sliced = await measureSlices(routes, options);
      console.log(
        `${flavor.padEnd(22)} ${String(count).padStart(7)} ${match.toFixed(0).padStart(9)} ${ms(built)}   ${ms(sliced.took)} ${ms(sliced.p99)} ${ms(sliced.max)} ${ms(sliced.longestGc)}  ${name}`,
      );
    }
  }
}
