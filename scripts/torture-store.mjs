// Kills a process that writes to a SQLite store, at random moments, and checks what it leaves behind: every acknowledged
// commit is there, every commit is whole, the store opens. A child commits a numbered sequence; after commit n the store
// holds exactly one known content, so the check is an equality. A process costs more than a store, so each child writes to
// several stores, each with a thread of its own; its end is a kill point for each of them.
//   npm run torture:store [-- POINTS] [-- --seed N]
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSchemaSet } from '../src/schema/schema-set.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { child: { type: 'string' }, seed: { type: 'string' } },
});

/** Two kinds, one owning the other: enough for unique keys, references and cascades, and loaded in no time. */
const schema = (name, fields) => ({ name, describes: name, primary_key: ['id'], workspaceable: false, fields });
const id = { type: 'string', uuid: true, auto: true };
const schemas = createSchemaSet([
  schema('owners', { id, name: { type: 'string', unique: true } }),
  schema('things', {
    id,
    name: { type: 'string', unique: true },
    owner: { type: 'foreign', reference: 'owners', on_delete: 'cascade' },
    text: { type: 'string' },
  }),
]);

/** Commits that are kept; what is older is deleted. */
const KEPT = 20;
const AT_ONCE = 3;
const STORES = 5;
const uuid = (prefix, n) => `${prefix}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
/** Mostly small, sometimes many pages, so that the log is folded into the file now and then. */
const textOf = (n) => String(n).repeat(n % 13 === 0 ? 40_000 : 20);

function entitiesOf(n) {
  const owner = { id: uuid('a', n), name: `owner ${n}` };
  const things = ['b', 'c'].map((prefix) => ({
    id: uuid(prefix, n),
    name: `${prefix} ${n}`,
    owner: { id: owner.id },
    text: textOf(n),
  }));
  return { owner, things };
}

/** Commit n: an owner with two things comes, an old one goes with what it owns, the counter counts. */
function changesOf(n) {
  const { owner, things } = entitiesOf(n);
  return [
    { action: 'upsert', kind: 'owners', entity: { id: uuid('f', 0), name: `counter ${n}` } },
    { action: 'create', kind: 'owners', entity: owner },
    ...things.map((entity) => ({ action: 'create', kind: 'things', entity })),
    ...(n > KEPT ? [{ action: 'delete', kind: 'owners', id: uuid('a', n - KEPT) }] : []),
  ];
}

const countOf = (state) => Number((state.get('owners', uuid('f', 0))?.name ?? 'counter 0').slice('counter '.length));

/** What is wrong with a state that says it is after commit n; undefined when nothing is. */
function findFault(state) {
  const n = countOf(state);
  const first = Math.max(1, n - KEPT + 1);
  const commits = n === 0 ? 0 : n - first + 1;
  if (state.count('owners') !== commits + (n === 0 ? 0 : 1)) return `${state.count('owners')} owners after commit ${n}`;
  if (state.count('things') !== commits * 2) return `${state.count('things')} things after commit ${n}`;
  for (let i = first; i <= n; i++) {
    const { owner, things } = entitiesOf(i);
    if (state.get('owners', owner.id)?.name !== owner.name) return `owner ${i} is missing after commit ${n}`;
    for (const thing of things) {
      const found = state.get('things', thing.id);
      if (found?.name !== thing.name || found.text !== thing.text) return `${thing.name} is wrong after commit ${n}`;
    }
  }
  return undefined;
}

async function writeSequence(directory, index) {
  const store = await openSqliteStore({ directory, schemas });
  let n = countOf(store.state);
  writeSync(1, `${index} open\n`);
  // Said at once and without a buffer: what was acknowledged before the end has been heard of.
  const writeOn = async () => {
    for (;;) {
      n += 1;
      const mine = n;
      const committed = await store.commit(changesOf(mine));
      if (!committed.ok) throw new Error(`commit ${mine} was refused: ${JSON.stringify(committed.error)}`);
      writeSync(1, `${index} ${mine}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, writeOn));
}

const directoriesOf = (folder) => Array.from({ length: STORES }, (_, i) => join(folder, `store-${i}`));

/** A small generator with a seed, so that a run can be repeated as far as the clock allows. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs a child and kills it; answers what it acknowledged last for each store, and how many commits in all. */
function runAndKill(folder, random) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--child', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    let timer;
    const killIn = (ms) => {
      timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    };
    // Some die while the stores are opened and recovered, most while they are written to.
    if (random() < 0.15) killIn(random() * 250);
    child.stdout.on('data', (chunk) => {
      output += chunk;
      killIn(random() * 120);
    });
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal !== 'SIGKILL') return reject(new Error(`a child ended by itself (${code}): ${errors}`));
      const acknowledged = new Array(STORES).fill(0);
      let commits = 0;
      for (const [, index, n] of output.matchAll(/^(\d+) (\d+)\n/gm)) {
        acknowledged[Number(index)] = Math.max(acknowledged[Number(index)], Number(n));
        commits += 1;
      }
      return resolve({ acknowledged, commits });
    });
  });
}

async function runLane(folder, next, random, totals) {
  const known = new Array(STORES).fill(0);
  /** Commits that may have been made without an answer since the last check. */
  const unanswered = new Array(STORES).fill(0);
  mkdirSync(folder);
  while (next()) {
    const { acknowledged, commits } = await runAndKill(folder, random);
    totals.commits += commits;
    const checks = directoriesOf(folder).map(async (directory, i) => {
      known[i] = Math.max(known[i], acknowledged[i]);
      unanswered[i] += AT_ONCE;
      // Now and then the next child recovers from what two ends have left.
      if (random() < 0.25) return;
      const store = await openSqliteStore({ directory, schemas });
      const found = countOf(store.state);
      const fault = findFault(store.state);
      await store.close();
      totals.checks += 1;
      if (fault !== undefined) throw new Error(`a commit is not whole: ${fault}`);
      if (found < known[i]) throw new Error(`commit ${known[i]} was acknowledged, and the store is at ${found}`);
      if (found > known[i] + unanswered[i])
        throw new Error(`the store is at ${found} after the acknowledged ${known[i]}`);
      known[i] = found;
      unanswered[i] = 0;
    });
    await Promise.all(checks);
  }
}

async function main() {
  const points = Number(positionals[0] ?? 10_000);
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const random = createRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'gwctl-torture-'));
  const totals = { commits: 0, checks: 0 };
  const startedAt = performance.now();
  let done = 0;
  const next = () => {
    if (done >= points) return false;
    done += STORES;
    if (done % 1000 === 0) console.log(`${done} kill points`);
    return true;
  };
  try {
    const lanes = Array.from({ length: availableParallelism() }, (_, i) =>
      runLane(join(folder, `lane-${i}`), next, random, totals),
    );
    await Promise.all(lanes);
  } catch (error) {
    console.error(`${error.message} (seed ${seed}, near kill point ${done}; files in ${folder})`);
    process.exit(1);
  }
  rmSync(folder, { recursive: true });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${done} kill points, ${totals.commits} acknowledged commits, ${totals.checks} checks: none lost, all whole ` +
      `(${(done / seconds).toFixed(1)} kill points a second)`,
  );
}

if (values.child !== undefined) await Promise.all(directoriesOf(values.child).map(writeSequence));
else await main();
