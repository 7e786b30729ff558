// `gwctl serve --watch` takes up changed code of plugins.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Serving, serve, startUpstream, until } from './serving.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-plugin-reload-'));
after(() => rmSync(folder, { recursive: true }));

const schemaText = (
  fields: string,
) => `export const schema = { fields: { config: { type: 'record', required: true, fields: {
  message: { type: 'string', required: true }, ${fields}
} } } } as const;\n`;
const INDEX = `import { definePlugin } from 'gwctl/plugin';
import { schema } from './schema.ts';
export default definePlugin({
  name: 'greeter', priority: 1000, version: '1.0.0', schema, handler: () => import('./handler.ts'),
});\n`;
const handlerText = (body: string) => `import { greet } from './parts/greet.ts';
export function create(config: { message: string; ending?: string }) {
  ${body}
  return { header_filter({ response }: never) { (response as any).setHeader('X-Greeting', greet(config)); } };
}\n`;
const greetText = (result: string) =>
  `export const greet = (config: { message: string; ending?: string }) => ${result};\n`;

interface Running extends Serving {
  readonly write: (file: string, text: string) => void;
  readonly greeting: () => Promise<string | null>;
}

async function start(name: string, args: readonly string[] = []): Promise<Running> {
  const plugin = join(folder, name);
  mkdirSync(join(plugin, 'parts'), { recursive: true });
  const write = (file: string, text: string): void => writeFileSync(join(plugin, file), text);
  write('index.ts', INDEX);
  write('schema.ts', schemaText(''));
  write('handler.ts', handlerText(''));
  write('parts/greet.ts', greetText('config.message'));
  const { port, server } = await startUpstream((_request, response) => {
    setTimeout(() => response.end('hello'), 10);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `_format_version: "3.0"
services:
  - name: echo
    url: http://127.0.0.1:${port}
    routes: [{name: echo, paths: [/]}]
plugins: [{name: greeter, config: {message: hello}}]
`,
  );
  const plugins = ['--plugins', `bundled,${plugin}`, '--proxy-access-log', 'off', '--watch'];
  const serving = await serve([file, ...plugins, ...args]);
  const greeting = async (): Promise<string | null> => {
    const answer = await fetch(`${serving.proxy}/`, { headers: { connection: 'close' } });
    await answer.arrayBuffer();
    assert.equal(answer.status, 200);
    return answer.headers.get('x-greeting');
  };
  return { ...serving, write, greeting };
}

async function end({ child, ended }: Serving): Promise<void> {
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
}

const says = (running: Running, text: string): Promise<void> =>
  until(async () => (await running.greeting()) === text, `the greeting ${text}`);
const logs = ({ output }: Serving, pattern: RegExp): Promise<void> =>
  until(() => pattern.test(output.stderr), `a line like ${pattern}: ${output.stderr}`);

test('an edited handler, an edited file that it imports and an edited schema take effect', async () => {
  const running = await start('edited');
  assert.equal(await running.greeting(), 'hello');
  running.write('handler.ts', handlerText("config = { ...config, message: config.message + ' again' };"));
  await says(running, 'hello again');
  running.write('parts/greet.ts', greetText('config.message.toUpperCase()'));
  await says(running, 'HELLO AGAIN');
  running.write('schema.ts', schemaText("ending: { type: 'string', default: '!' },"));
  running.write('parts/greet.ts', greetText('config.message + config.ending'));
  await says(running, 'hello again!');
  const { fields } = (await (await fetch(`${running.admin}/schemas/plugins/greeter`)).json()) as { fields: unknown[] };
  assert.match(JSON.stringify(fields), /"ending":\{"type":"string","default":"!"/);
  await end(running);
});

test('a broken edit is told with file and line, and what there was goes on', async () => {
  const running = await start('broken');
  const breaks: readonly [file: string, text: string, said: RegExp][] = [
    ['parts/greet.ts', 'export const greet = (\n;', /parts\/greet\.ts:2: /],
    ['parts/greet.ts', '\n\nexport const other = 1;', /handler\.ts:1: .*greet/],
    ['parts/greet.ts', '\n\n\nexport const greet = (null as never).x;', /parts\/greet\.ts:4: Cannot read/],
    [
      'parts/greet.ts',
      "\nimport './none.ts';\nexport const greet = () => '';",
      /parts\/greet\.ts:2: Cannot find module/,
    ],
  ];
  for (const [file, text, said] of breaks) {
    running.write(file, text);
    await logs(running, new RegExp(`the changed plugins are not used: .*${said.source}`));
    assert.equal(await running.greeting(), 'hello');
  }
  running.write('parts/none.ts', '');
  running.write('parts/greet.ts', greetText("'mended'"));
  await says(running, 'mended');
  running.write('schema.ts', "export const schema = { fields: { config: { type: 'record', fields: {} } } } as const;");
  await logs(running, /the changed plugins are not used: 1 problem/);
  assert.equal(await running.greeting(), 'mended');
  running.write('schema.ts', schemaText(''));
  running.write('handler.ts', handlerText("\n\n  throw new Error('not today');"));
  await logs(running, /plugin greeter cannot run with its configuration: Error: not today.*handler\.ts[^"]*:5:/);
  assert.equal(await running.greeting(), 'mended');
  await end(running);
});

test('a JavaScript file that does not parse is told with its line', async () => {
  const running = await start('script');
  running.write('parts/more.js', 'export const a = 1;\nexport const = 2;\n');
  running.write('parts/greet.ts', `import './more.js';\n${greetText("'x'")}`);
  await logs(running, /not used: .*parts\/more\.js:2: Unexpected token/);
  await end(running);
});

test('requests under way finish with the code they began with', async () => {
  const running = await start('slow');
  running.write(
    'handler.ts',
    `export function create() {
  let isClosed = false;
  return {
    async access() { await new Promise((resolve) => setTimeout(resolve, 1500)); },
    header_filter({ response }: never) { (response as any).setHeader('X-Greeting', isClosed ? 'closed' : 'first'); },
    close() { isClosed = true; },
  };
}\n`,
  );
  await logs(running, /plugins loaded again: greeter/);
  const first = running.greeting();
  await new Promise((resolve) => setTimeout(resolve, 200));
  running.write('handler.ts', handlerText(''));
  await until(async () => (await running.greeting()) === 'hello', 'the new code');
  assert.equal(await first, 'first');
  await end(running);
});

test('with two workers all of them take up the change, and no request is lost', async () => {
  const running = await start('workers', ['--workers', '2']);
  let isOver = false;
  const seen = new Set<string | null>();
  const client = (async () => {
    while (!isOver) seen.add(await running.greeting());
  })();
  running.write('parts/greet.ts', greetText("'changed'"));
  // Until the last one is replaced, an answer may come from a worker of before.
  await logs(running, /plugins loaded again/);
  await until(async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => running.greeting()));
    return all.every((text) => text === 'changed');
  }, 'the new code everywhere');
  running.write('parts/greet.ts', 'export const greet = (\n;');
  await logs(running, /the changed plugins are not used: .*greet\.ts:2/);
  assert.equal(await running.greeting(), 'changed');
  isOver = true;
  await client;
  assert.deepEqual([...seen].sort(), ['changed', 'hello']);
  await end(running);
});

/** Whatever dies while workers take each other's place, in the end there are as many as were asked for, all with the new code. */
for (const [who, isVictim] of [
  ['a successor', (pid: number, before: readonly number[]) => !before.includes(pid)],
  ['one that waits for its successor', (pid: number, before: readonly number[]) => pid === before.at(-1)],
] as const) {
  test(`${who} that dies during the change costs no worker and leaves none behind`, async () => {
    const running = await start(who.replaceAll(' ', '-'), ['--workers', '2']);
    const children = (): number[] =>
      readFileSync(`/proc/${running.child.pid}/task/${running.child.pid}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number);
    const before = children();
    running.write('parts/greet.ts', greetText("'changed'"));
    await until(() => children().some((pid) => !before.includes(pid)), 'a successor is started');
    process.kill(children().find((pid) => isVictim(pid, before))!, 'SIGKILL');
    const workers = async (): Promise<number[]> => {
      const root = (await (await fetch(running.admin)).json()) as { pids: { workers: number[] } };
      return root.pids.workers;
    };
    await logs(running, /plugins loaded again/);
    await until(async () => {
      const pids = await workers();
      return pids.length === 2 && !pids.some((pid) => before.includes(pid)) && children().length === 2;
    }, 'two others');
    const greetings = await Promise.all(Array.from({ length: 8 }, () => running.greeting()));
    assert.deepEqual([...new Set(greetings)], ['changed']);
    await end(running);
  });
}
