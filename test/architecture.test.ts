// The rules of ARCHITECTURE.md, read off the imports. A new folder needs a layer here before it can exist.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Folder → layer; an import may only point to the same folder or to a lower layer. */
const LAYERS: Readonly<Record<string, number>> = {
  lib: 0,
  schema: 1,
  entities: 2,
  pdk: 2,
  config: 2,
  state: 3,
  store: 3.5,
  plugins: 3,
  gateway: 4,
  control: 5,
  admin: 5,
  testing: 5.3,
  cli: 5.5,
  commands: 6,
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
  readonly isLazy: boolean;
}

const files = globSync('**/*.ts', { cwd: SRC }).sort();
const sourceOf = (file: string): string => readFileSync(join(SRC, file), 'utf8');
const roomOf = (file: string): string => file.split('/')[0]!;
const isTest = (file: string): boolean => file.endsWith('.test.ts');

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const pattern = /(?:(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?|(import)\()'(\.[^']+)'/g;
  for (const match of sourceOf(file).matchAll(pattern)) {
    const to = relative(SRC, resolve(SRC, dirname(file), match[4]!));
    found.push({ from: file, to, isType: match[2] !== undefined, isLazy: match[3] !== undefined });
  }
  return found;
}

const imports = files.filter((file) => !isTest(file)).flatMap(importsOf);

/** Everything that loading a file loads: its eager imports of values, and theirs. */
function reach(start: string, isFollowed: (one: Import) => boolean): Set<string> {
  const seen = new Set<string>([start]);
  const queue = [start];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    for (const one of importsOf(file)) {
      if (!isFollowed(one) || seen.has(one.to)) continue;
      seen.add(one.to);
      queue.push(one.to);
    }
  }
  return seen;
}

test('every folder of src has a layer', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter((room) => LAYERS[room] === undefined),
    [],
  );
});

test('imports point down', () => {
  const wrong = imports
    .filter(({ from, to }) => roomOf(from) !== roomOf(to) && LAYERS[roomOf(to)]! >= LAYERS[roomOf(from)]!)
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(wrong, []);
});

test('the declarative side and the data plane never import each other', () => {
  const wrong = imports
    .filter(({ from, to }) => [roomOf(from), roomOf(to)].sort().join() === 'control,gateway')
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(wrong, []);
});

test('a plugin imports the plugin interface, the schema language, the library, shared parts and itself', () => {
  const wrong = imports
    .filter(({ from }) => from.split('/').length > 2 && roomOf(from) === 'plugins')
    .filter(({ from, to }) => {
      if (['pdk', 'schema', 'lib'].includes(roomOf(to))) return false;
      return !(to.startsWith('plugins/shared/') || dirname(to).startsWith(dirname(from)));
    })
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(wrong, []);
});

test('diff does not load the data plane, serve does not load the client of remote gateways', () => {
  const everything = (one: Import): boolean => !one.isType;
  const diff = [...reach('commands/diff.ts', everything)].filter((file) => roomOf(file) === 'gateway');
  assert.deepEqual(diff, []);
  const serve = [...reach('commands/serve.ts', everything)].filter((file) => file.startsWith('control/remote/'));
  assert.deepEqual(serve, []);
});

test('commands load nothing heavy before they run', () => {
  for (const command of files.filter((file) => roomOf(file) === 'commands')) {
    const eager = [...reach(command, (one) => !one.isType && !one.isLazy)];
    const heavy = eager.filter((file) => ['gateway', 'control', 'admin', 'plugins'].includes(roomOf(file)));
    assert.deepEqual(heavy, [], `${command} loads ${heavy.join(', ')}`);
  }
});

test('only the command line prints', () => {
  const printing = /process\.(stdout|stderr)|console\.(log|error|warn|info)/;
  const wrong = files
    .filter((file) => !isTest(file) && !['cli', 'commands'].includes(roomOf(file)))
    .filter((file) => printing.test(sourceOf(file)));
  assert.deepEqual(wrong, []);
});

test('engines name no entity', () => {
  const engines = ['schema/', 'state/', 'store/', 'control/', 'admin/'];
  /** Where an endpoint or a file section exists for one kind only; each says so at its head. */
  const exceptions = ['admin/routes/', 'control/file/unsupported.ts'];
  const names = /['"](services|routes|upstreams|targets|consumers|certificates|snis|keyauth_credentials)['"]/;
  const wrong = files
    .filter((file) => !isTest(file) && engines.some((engine) => file.startsWith(engine)))
    .filter((file) => !exceptions.some((exception) => file.startsWith(exception)))
    .flatMap((file) =>
      sourceOf(file)
        .split('\n')
        .filter((line) => names.test(line) && !line.includes('reference:'))
        .map((line) => `${file}: ${line.trim()}`),
    );
  assert.deepEqual(wrong, []);
});

test('files stay small enough to read in one sitting', () => {
  const long = files.filter((file) => sourceOf(file).split('\n').length > 400);
  assert.deepEqual(long, []);
});

test('every file says at its head what it is for', () => {
  const silent = files.filter((file) => !isTest(file) && !sourceOf(file).startsWith('//'));
  assert.deepEqual(silent, []);
});
