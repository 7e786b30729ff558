// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates of state files.
// Golden cases: every folder of fixtures/states is loaded and compared with its expected.json.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from '../../src/control/file/diagnostics.ts';
import { formatDiagnostic } from '../../src/control/file/diagnostics.ts';
import { codeFrame } from '../../src/control/file/frame.ts';
import { loadFiles, loadTexts } from '../../src/control/file/load.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { valueAt } from '../../src/lib/json.ts';
import { schemas } from './schemas.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures/states');
const casesOf = (folder: string): string[] => readdirSync(join(root, folder)).sort();
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/.test(name) && name !== 'expected.json')
    .sort()
    .map((name) => join(folder, name));

interface ExpectedState {
  env?: Record<string, string>;
  selectTags?: string[];
  counts: Record<string, number>;
  entities: { kind: string; where: JsonObject; has: JsonObject }[];
}

describe('state files that are right', () => {
  for (const name of casesOf('valid')) {
    it(`${name} loads as expected`, async () => {
      const folder = join(root, 'valid', name);
      const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as ExpectedState;
      const result = await loadFiles(filesOf(folder), { schemas, ids: 'deterministic', env: expected.env });
      assert.ok(result.ok, result.ok ? '' : result.diagnostics.map(formatDiagnostic).join('\n'));
      assert.deepEqual(result.warnings, []);
      for (const kind of schemas.entities.keys()) {
        assert.equal(result.state.count(kind), expected.counts[kind] ?? 0, `number of ${kind}`);
      }
      if (expected.selectTags !== undefined) assert.deepEqual(result.selectTags, expected.selectTags);
      for (const { kind, where, has } of expected.entities) {
        const entity: JsonObject | undefined = result.state
          .list(kind)
          .find((item) => Object.entries(where).every(([key, value]) => item[key] === value));
        assert.ok(entity, `${kind} with ${JSON.stringify(where)}`);
        for (const [path, value] of Object.entries(has))
          assert.deepEqual(valueAt(entity, path.split('.')), value, path);
      }
    });
  }
});

interface ExpectedProblem {
  at: string;
  message: string;
  expected?: string;
  hint?: string;
  other?: string;
}

describe('state files that are wrong', () => {
  for (const name of casesOf('invalid')) {
    it(`${name} is reported with every place`, async () => {
      const folder = join(root, 'invalid', name);
      const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as ExpectedProblem[];
      const result = await loadFiles(filesOf(folder), { schemas, ids: 'deterministic', env: { DECK_HOST: 'x' } });
      assert.equal(result.ok, false);
      const found: readonly Diagnostic[] = result.ok ? [] : result.diagnostics;
      assert.deepEqual(
        found.map(({ file, line, column }) => `${basename(file)}:${line}:${column}`),
        expected.map(({ at }) => at),
        found.map(formatDiagnostic).join('\n'),
      );
      for (const [i, diagnostic] of found.entries()) {
        const wanted = expected[i]!;
        assert.ok(diagnostic.message.includes(wanted.message), `${diagnostic.message} / ${wanted.message}`);
        if (wanted.hint !== undefined) assert.equal(diagnostic.hint, wanted.hint);
        if (wanted.expected !== undefined) assert.equal(diagnostic.expected, wanted.expected);
        const other = diagnostic.other;
        if (wanted.other !== undefined)
          assert.equal(`${basename(other!.file)}:${other!.line}:${other!.column}`, wanted.other);
        assert.match(diagnostic.frame, /^> +\d+ \| .*$/m);
        assert.match(diagnostic.frame, /\^/);
      }
      assert.ok(!found.map(formatDiagnostic).join('\n').includes('secret-value'), 'a secret is shown');
    });
  }

  it('names a file that cannot be read', async () => {
    const result = await loadFiles(['/nowhere/state.yaml'], { schemas, ids: 'deterministic' });
    assert.equal(result.ok, false);
    const texts = result.ok ? [] : result.diagnostics.map(formatDiagnostic);
    assert.deepEqual(texts, ['/nowhere/state.yaml: error: cannot read it: no such file or directory']);
  });
});

const load = (text: string, env: Record<string, string> = {}) =>
  loadTexts([{ name: 'state.yaml', text }], { schemas, ids: 'deterministic', env });

describe('loading', () => {
  it('gives the same ids as DB-less mode of Kong', async () => {
    const result = await load('_format_version: "3.0"\nservices:\n- name: my-service\n  host: example.com\n');
    assert.ok(result.ok);
    assert.equal(result.state.list('services')[0]!.id, '0855b320-0dd2-547d-891d-601e9b38647f');
  });

  it('gives unnamed entities ids that stay the same from load to load', async () => {
    const text = '_format_version: "3.0"\nroutes:\n- paths: [/a]\n- paths: [/a]\n- paths: [/b]\n';
    const ids = async (): Promise<Json> => {
      const result = await load(text);
      assert.ok(result.ok);
      return result.state.list('routes').map((route) => route.id);
    };
    const first = await ids();
    assert.equal(new Set(first as string[]).size, 3);
    assert.deepEqual(await ids(), first);
  });

  it('keeps ids in small letters, and what refers to them with them', async () => {
    const id = 'AAAAAAAA-1111-4111-8111-111111111111';
    const result = await load(`_format_version: "3.0"
services:
- id: ${id}
  name: a
  host: h
  routes:
  - name: nested
    paths: [/n]
routes:
- name: beside
  paths: [/b]
  service: {id: ${id}}
`);
    assert.ok(result.ok);
    const { state } = result;
    assert.equal(state.find('services', 'name', 'a')?.id, id.toLowerCase());
    assert.equal(state.children('routes', 'service', id.toLowerCase()).length, 2);
  });

  it('expects nothing where a plugin cannot be limited to something', async () => {
    const result = await load(
      '_format_version: "3.0"\nconsumers: [{username: u}]\nplugins: [{name: cors, consumer: u}]\n',
    );
    assert.ok(!result.ok);
    const [first] = result.diagnostics;
    assert.deepEqual([first?.message, first?.expected], ['consumer: value must be null', 'no value']);
  });

  it('takes id and creation time from the gateway for what has the same name there', async () => {
    const id = '11111111-1111-4111-8111-111111111111';
    const before = await load(
      `_format_version: "3.0"\nservices:\n- name: orders\n  id: ${id}\n  host: a.b\n  created_at: 1700000000\n`,
    );
    assert.ok(before.ok);
    const result = await loadTexts(
      [
        {
          name: 'state.yaml',
          text: '_format_version: "3.0"\nservices:\n- name: orders\n  host: c.d\n- name: new\n  host: e.f\n',
        },
      ],
      { schemas, ids: 'from-current', current: async () => before.state },
    );
    assert.ok(result.ok);
    const orders = result.state.find('services', 'name', 'orders')!;
    assert.deepEqual([orders.id, orders['created_at'], orders['host']], [id, 1700000000, 'c.d']);
    assert.notEqual(result.state.find('services', 'name', 'new')!.id, id);
  });

  it('does not ask the gateway when the files are wrong', async () => {
    const result = await loadTexts([{ name: 'state.yaml', text: '_format_version: "3.0"\nfoo: []\n' }], {
      schemas,
      ids: 'from-current',
      current: async () => {
        throw new Error('asked');
      },
    });
    assert.equal(result.ok, false);
  });

  it('keeps the configuration of an unknown plugin and warns', async () => {
    const result = await load('_format_version: "3.0"\nplugins:\n- name: key-aut\n  config: {any: [thing]}\n');
    assert.ok(result.ok);
    assert.deepEqual(result.state.list('plugins')[0]!['config'], { any: ['thing'] });
    assert.equal(result.warnings.length, 1);
    assert.equal(
      result.warnings[0]!.message,
      "plugin 'key-aut' is not known here: its config is checked by the gateway",
    );
    assert.equal(result.warnings[0]!.hint, "did you mean 'key-auth'?");
  });

  it('uses the schema of a plugin that someone else knows', async () => {
    const subschemas = async () =>
      ({
        fields: { config: { type: 'record', required: true, fields: { limit: { type: 'integer', default: 3 } } } },
      }) as const;
    const text = '_format_version: "3.0"\nplugins:\n- name: custom\n  config: {limt: 1}\n';
    const wrong = await loadTexts([{ name: 'f', text }], { schemas, ids: 'deterministic', subschemas });
    assert.equal(wrong.ok ? '' : wrong.diagnostics[0]!.hint, "did you mean 'limit'?");
    const right = await loadTexts([{ name: 'f', text: text.replace('limt', 'limit') }], {
      schemas,
      ids: 'deterministic',
      subschemas,
    });
    assert.ok(right.ok);
    assert.deepEqual(right.warnings, []);
  });

  it('tells where an entity stands', async () => {
    const result = await load('_format_version: "3.0"\nservices:\n- name: a\n  host: x\n- name: b\n  host: x\n');
    assert.ok(result.ok);
    const b = result.state.find('services', 'name', 'b')!;
    assert.deepEqual(await result.positionOf('services', b.id), { file: 'state.yaml', line: 5, column: 3 });
  });

  it('counts lines in the original text when a variable holds several lines', async () => {
    const text = '_format_version: "3.0"\nconsumers:\n- username: ${{ env "DECK_LINES" | indent 4 }}\n  wrong: 1\n';
    const result = await load(text, { DECK_LINES: '|\nalice\nsmith' });
    assert.equal(result.ok ? '' : `${result.diagnostics[0]!.line}:${result.diagnostics[0]!.column}`, '4:3');
  });

  it('refuses tags of the command line that are not those of the file', async () => {
    const text = '_format_version: "3.0"\n_info: {select_tags: [a]}\n';
    const result = await loadTexts([{ name: 'f', text }], { schemas, ids: 'deterministic', selectTags: ['b'] });
    assert.match(
      result.ok ? '' : result.diagnostics[0]!.message,
      /command line \(b\) are not those of the files \(a\)/,
    );
  });

  it('loads an empty text as a state without entities', async () => {
    const result = await load('# nothing but a comment\n');
    assert.ok(result.ok);
    assert.equal(result.state.count('services'), 0);
  });

  it('refuses a text that unfolds beyond measure', async () => {
    const bomb = `_format_version: "3.0"\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`).join('\n')}\n`;
    const result = await load(bomb);
    assert.match(result.ok ? '' : result.diagnostics[0]!.message, /unfolds into too many values/);
  });

  it('refuses an alias that contains itself', async () => {
    const result = await load('a: &a [*a]\n');
    assert.match(result.ok ? '' : result.diagnostics[0]!.message, /nest 64 deep|unidentified alias/);
  });
});

describe('files of older formats', () => {
  const old = (version: string): string =>
    `_format_version: "${version}"\nroutes:\n- name: r\n  paths: ['/a/(\\d+)$', /plain, '~/marked$', /a/../b]\nservices:\n- name: s\n  host: h\n  routes: [{name: n, paths: ['/x|/y']}]\n`;
  for (const version of ['1.1', '2.1']) {
    it(`${version}: what looks like a regular expression is one, without a gateway at hand`, async () => {
      const result = await load(old(version));
      assert.ok(result.ok, result.ok ? '' : result.diagnostics.map(formatDiagnostic).join('\n'));
      const paths = new Map(result.state.list('routes').map((route) => [route['name'], route['paths']]));
      assert.deepEqual(paths.get('r'), ['~/a/(\\d+)$', '/plain', '~/marked$', '/b']);
      assert.deepEqual(paths.get('n'), ['~/x|/y']);
    });
  }

  it('are not applied to a gateway', async () => {
    let isAsked = false;
    const result = await loadTexts([{ name: 'state.yaml', text: '_format_version: "1.1"\nservices: []\n' }], {
      schemas,
      ids: 'from-current',
      current: async () => {
        isAsked = true;
        throw new Error('the gateway is asked');
      },
    });
    assert.ok(!result.ok && !isAsked);
    const [first] = result.diagnostics;
    assert.deepEqual([first?.line, first?.column], [1, 18]);
    assert.match(first!.message, /format version 1\.1 cannot be applied to a gateway of version 3\.0 or above/);
    assert.match(first!.hint!, /gwctl file convert --from kong-gateway-2\.x --to kong-gateway-3\.x/);
  });

  it('do not mix with others: both places are told', async () => {
    const texts = [
      { name: 'a.yaml', text: '_format_version: "3.0"\n' },
      { name: 'b.yaml', text: '_format_version: "1.1"\n' },
    ];
    const result = await loadTexts(texts, { schemas, ids: 'deterministic' });
    assert.ok(!result.ok);
    const [first] = result.diagnostics;
    assert.deepEqual([first?.file, first?.message], ['b.yaml', 'format version 1.1 contradicts 3.0']);
    assert.deepEqual(first?.other, { file: 'a.yaml', line: 1, column: 18 });
  });
});

describe('several files', () => {
  const VERSION = '_format_version: "3.0"\n';
  const load = (...texts: string[]) =>
    loadTexts(
      texts.map((text, i) => ({ name: `${i + 1}.yaml`, text })),
      { schemas, ids: 'deterministic', dialect: 'deck' },
    );
  const problems = async (...texts: string[]) => {
    const result = await load(...texts);
    return result.ok ? [] : result.diagnostics;
  };

  it('need one format version among them', async () => {
    const result = await load('services: [{name: a, host: h}]\n', VERSION);
    assert.ok(result.ok);
    assert.equal(result.state.count('services'), 1);
    const [first, ...others] = await problems('services: []\n', '# nothing\n', 'routes: []\n');
    assert.deepEqual([first?.file, first?.message, others], ['1.yaml', "'_format_version' is missing", []]);
  });

  it('may have the same workspace, or none', async () => {
    const result = await load(`${VERSION}_workspace: ""\n`, '_workspace: one\n', '_workspace: one\n');
    assert.ok(result.ok);
    assert.equal(result.workspace, 'one');
  });

  it('add up their defaults, record by record', async () => {
    const result = await load(
      `${VERSION}_info: {defaults: {service: {retries: 2}, upstream: {healthchecks: {threshold: 5}}}}\n`,
      '_info: {defaults: {service: {retries: 2, read_timeout: 700}, route:}}\n',
      '_info: {defaults: {upstream: {healthchecks: {active: {timeout: 3}}}}}\nservices: [{name: a, host: h}]\nupstreams: [{name: u}]\n',
    );
    assert.ok(result.ok, result.ok ? '' : result.diagnostics.map(formatDiagnostic).join('\n'));
    const [service] = result.state.list('services');
    const [upstream] = result.state.list('upstreams');
    assert.deepEqual([service?.['retries'], service?.['read_timeout']], [2, 700]);
    assert.equal(valueAt(upstream!, ['healthchecks', 'threshold']), 5);
    assert.equal(valueAt(upstream!, ['healthchecks', 'active', 'timeout']), 3);
  });

  it('cannot give one field two defaults: both places are told', async () => {
    const [first, ...others] = await problems(
      `${VERSION}_info: {defaults: {service: {retries: 2}}}\n`,
      '_info: {defaults: {service: {retries: 3}}}\n',
    );
    assert.deepEqual([first?.file, first?.column, others], ['2.yaml', 39, []]);
    assert.deepEqual(first?.other, { file: '1.yaml', line: 2, column: 39 });
  });

  it('may repeat a shared configuration, but not change it', async () => {
    const shared = (max: number): string => `_plugin_configs: {c: {max_age: ${max}}}\n`;
    assert.deepEqual(await problems(VERSION + shared(5), shared(5), shared(5)), []);
    const [first] = await problems(VERSION + shared(5), shared(6));
    assert.equal(first?.message, "'c' is given twice in '_plugin_configs', and not the same");
  });

  it('add up what they look up', async () => {
    const tags = (list: string): string => `_info: {default_lookup_tags: {consumers: ${list}}}\n`;
    const result = await load(VERSION + tags('[a]'), tags('[b, a]'));
    assert.ok(result.ok);
    assert.deepEqual(result.lookupTags.get('consumers'), ['a', 'b']);
  });
});

describe('defaults of files', () => {
  it('are for fields that there are, and not for names', async () => {
    const text =
      '_format_version: "3.0"\n_info: {defaults: {route: {strip_pat: false, id: x}, target: {target: "a:1"}}}\n';
    const result = await loadTexts([{ name: 'f.yaml', text }], { schemas, ids: 'deterministic' });
    assert.ok(!result.ok);
    assert.deepEqual(
      result.diagnostics.map(({ message, hint }) => hint ?? message),
      [
        "did you mean 'strip_path'?",
        "'id' cannot have a default: it tells entities apart",
        "'target' cannot have a default: it tells entities apart",
      ],
    );
  });
});

describe('texts that are no state files', () => {
  const MIB = 1024 * 1024;
  const header = '_format_version: "3.0"\n';
  const cases: readonly [string, string, RegExp, string][] = [
    [
      'a merge conflict',
      `${header}services:\n<<<<<<< HEAD\n- name: a\n=======\n- name: b\n>>>>>>> x\n`,
      /a merge conflict/,
      '3:1',
    ],
    ['large without a version', 'a'.repeat(20 * MIB), /no '_format_version'/, '1:1'],
    ['brackets without an end', `${header}services: ${'['.repeat(9 * MIB)}`, /nest|depth/i, '2:'],
    ['very many values', `${header}services:\n${'- x\n'.repeat(10_500_000)}`, /too many values/, '10000001:4'],
    ['a line without an end', `${header}services:\n- host: ${'a'.repeat(20 * MIB)}\n`, /the line is too long/, '3:1'],
  ];
  for (const [name, text, message, place] of cases) {
    it(`${name}: one short error, at its place`, async () => {
      const result = await load(text);
      assert.ok(!result.ok);
      const [first, ...more] = result.diagnostics;
      assert.deepEqual(more, []);
      assert.match(first!.message, message);
      assert.ok(`${first!.line}:${first!.column}`.startsWith(place), `${first!.line}:${first!.column}`);
      assert.ok(formatDiagnostic(first!).length < 3000);
    });
  }

  it('a secret that goes on beyond what is shown of a line is hidden', async () => {
    const result = await load(
      `${header}consumers:\n- {username: u, keyauth_credentials: [{wrong: 1, key: "s ${'e '.repeat(5000)}"}]}\n`,
    );
    assert.ok(!result.ok);
    assert.ok(!result.diagnostics.map(formatDiagnostic).join().includes('s e e'));
  });

  const AUTHORIZATION = [
    ['on one line', `  config: {http_endpoint: no, headers: {Authorization: "Bearer {s3cr3t"}, wrong: 1}`],
    ['cut off', `  config: {wrong: 1, headers: {X-A: [a], Authorization: "Bearer s3cr3t`],
    ['in quotes', `  config: {"wrong": 1, "headers": {"Authorization": 'Bearer s3cr3t'}}`],
    ['as JSON', `  config: {\n    "headers": {\n      "Authorization": "Bearer s3cr3t",\n      "X": 1\n    }}`],
  ] as const;
  for (const [how, lines] of AUTHORIZATION) {
    it(`secrets that are values of a map are hidden, ${how}`, async () => {
      const result = await load(`${header}plugins:\n- name: http-log\n${lines}\n`);
      assert.ok(!result.ok);
      const text = result.diagnostics.map(formatDiagnostic).join();
      assert.ok(!text.includes('s3cr3t'), text);
    });
  }
});

describe('the excerpt of a file', () => {
  it('shows a template in the place of a secret whole, and nothing of a secret', () => {
    const names = new Set(['key']);
    const text = 'a:\n- {key: ${{ env "DECK_KEY" }}, b: 1}\n  key: ${{ env "DECK_KEY" }}\n- {key: abc, b: 2}\n';
    assert.equal(
      codeFrame(text, 3, 3, names),
      '  2 | - {key: ${{ env "DECK_KEY" }}, b: 1}\n> 3 |   key: ${{ env "DECK_KEY" }}\n    |   ^\n  4 | - {key: [hidden], b: 2}',
    );
  });
});

describe('files for a gateway', () => {
  const refusals = async (...texts: string[]): Promise<string[]> => {
    const sources = texts.map((text, i) => ({ name: `${i}.yaml`, text }));
    const result = await loadTexts(sources, { schemas, ids: 'deterministic', dialect: 'deck' });
    return result.ok
      ? []
      : result.diagnostics.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
  };
  const HEAD = '_format_version: "3.0"\n';

  it('must not all be empty, and must not begin with a blank', async () => {
    assert.deepEqual(await refusals(''), ['0.yaml:1:1 the file is empty']);
    assert.deepEqual(await refusals('# nothing\n', ''), ['0.yaml:1:1 all of the files are empty']);
    assert.deepEqual(await refusals(HEAD, ''), []);
    assert.deepEqual(await refusals(` ${HEAD}`), ['0.yaml:1:1 the file must not begin with a blank']);
    assert.ok((await load(` ${HEAD}`)).ok, 'for serve it is YAML like any other');
  });

  it('name what has no other identity', async () => {
    const nameless = `${HEAD}services:\n- host: a\nroutes:\n- paths: [/]\nkey_sets:\n- tags: [a]\n`;
    assert.deepEqual(await refusals(nameless), [
      '0.yaml:3:3 name or id: one of them is required',
      '0.yaml:5:3 name or id: one of them is required',
      '0.yaml:7:3 name or id: one of them is required',
    ]);
    const withId = `${HEAD}services:\n- host: a\n  id: 5b6e4a3c-91ab-4f0e-8b43-0f6ad9a3e001\n`;
    assert.deepEqual(await refusals(withId), []);
    assert.ok((await load(nameless)).ok, 'serve names them itself');
  });

  it("are in decK's form, not in that of Kong's DB-less mode", async () => {
    const flat = `${HEAD}_comment: mine\nconsumers:\n- username: a\n  _ignore: x\nkeyauth_credentials:\n- consumer: a\n  key: b\n`;
    assert.deepEqual(await refusals(flat), [
      "0.yaml:2:1 unknown field '_comment'",
      "0.yaml:5:3 unknown field '_ignore'",
      "0.yaml:6:1 'keyauth_credentials' stands only in files of Kong's DB-less mode",
    ]);
    const unknown = await loadTexts([{ name: 'f', text: `${HEAD}snips: []\n` }], {
      schemas,
      ids: 'deterministic',
      dialect: 'deck',
    });
    assert.ok(!unknown.ok);
    assert.equal(
      unknown.diagnostics[0]?.expected,
      'one of ca_certificates, certificates, consumer_groups, consumers, key_sets, keys, partials, plugins, routes, services, upstreams, vaults',
    );
    const served = await load(flat);
    assert.equal(served.ok && served.writtenFor, "Kong's DB-less mode");
    const nested = await load(`${HEAD}consumers:\n- username: a\n  keyauth_credentials:\n  - key: b\n`);
    assert.equal(nested.ok && nested.writtenFor, 'decK');
  });

  it('say nothing by a null, which a gateway takes for a value where it may be one', async () => {
    const text = `${HEAD}services: [{name: a, host: h, retries: null}]\n`;
    const written = await loadTexts([{ name: 'f', text }], { schemas, ids: 'deterministic', dialect: 'deck' });
    const served = await load(text);
    assert.ok(written.ok && served.ok);
    assert.equal(written.state.list('services')[0]!['retries'], 5);
    assert.equal(served.state.list('services')[0]!['retries'], null);
  });

  it('with the marks of a merge conflict are told as such', async () => {
    const text = `${HEAD}<<<<<<< HEAD\nservices: []\n=======\nroutes: []\n>>>>>>> other\n`;
    assert.deepEqual(await refusals(text), ['0.yaml:2:1 a merge conflict is left in the file']);
  });

  it('may have blanks in the url of a service', async () => {
    const result = await load(`${HEAD}services: [{name: a, url: "https://a.test/b c"}]\n`);
    assert.ok(result.ok);
    assert.equal(result.state.list('services')[0]!['path'], '/b%20c');
  });
});
