// The JSON Schema of state files against the reader of state files: what the reader takes, the schema takes; what is wrong
// in the shape of a file, the schema sees as well.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { minimalEntity } from '../../scripts/reference/example.ts';
import { renderEnv } from '../../src/control/file/env.ts';
import { parseState } from '../../src/control/file/parse.ts';
import { stateJsonSchema } from '../../src/control/file/state-schema.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const schemas = createSchemas(pluginSchemas);
const schema = stateJsonSchema(schemas);
const validate = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
  validateFormats: false,
  allErrors: true,
}).compile(schema);

/** `/services/0/port` of every complaint; nothing when the value is right. */
function complaints(value: Json): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error: ErrorObject) => {
    const { additionalProperty, missingProperty } = error.params as Record<string, string | undefined>;
    const name = additionalProperty ?? missingProperty;
    return name === undefined ? error.instancePath : `${error.instancePath}/${name}`;
  });
}

const stateFile = (sections: JsonObject): JsonObject => ({ _format_version: '3.0', ...sections });

const folderOf = (name: string): URL => new URL(`../../fixtures/${name}`, import.meta.url);

async function readFixture(path: string, env: Record<string, string> = {}): Promise<Json | undefined> {
  const parsed = await parseState(renderEnv(readFileSync(path, 'utf8'), env).text);
  return parsed.ok ? parsed.value : undefined;
}

const filesIn = (folder: string): string[] =>
  globSync(`fixtures/${folder}/**/*.{yaml,yml,json}`, { cwd: ROOT })
    .filter((file) => !file.endsWith('expected.json'))
    .sort();

for (const file of [...filesIn('quickstart'), ...filesIn('states/valid')]) {
  test(`${file} fits the schema`, async () => {
    const env = {
      DECK_SERVICE: 'orders',
      DECK_HOST: 'orders.internal',
      DECK_PORT: '8080',
      GWCTL_ENABLED: 'true',
    };
    const value = await readFixture(ROOT + file, env);
    // An empty file is no state, for the reader as well.
    if (value === undefined) assert.equal(readFileSync(ROOT + file, 'utf8').trim(), '');
    else assert.deepEqual(complaints(value), []);
  });
}

/** Wrong in its shape, so that an editor can tell without the other files. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  'conflicting-headers/a.yaml': ['/_info/select_tag'],
  'nested-twice/state.yaml': ['/services/0/plugins/0/service'],
  'unknown-version/state.yaml': ['/_format_version', '/_transform'],
  'secret-in-frame/state.yaml': [
    '/consumers/0/keyauth_credentials/0/kye',
    '/consumers/0/keyauth_credentials/1/kye',
    '/keys/0/pem/publick_key',
  ],
  'unknown-keys/state.yaml': ['/sevices', '/services/0/hsot', '/services/0/route', '/plugins/0/config/minut'],
  'unsupported-section/state.yaml': ['/_info/consumer_group_policy_overrides', '/_konnect', '/custom_entities'],
  'wrong-types/state.yaml': [
    '/services/0/port',
    '/services/0/enabled',
    '/services/0/routes/0/paths',
    '/services/0/routes/0/methods/0',
    '/routes',
    '/consumers/0',
  ],
};

for (const [file, places] of Object.entries(WRONG)) {
  test(`fixtures/states/invalid/${file} does not fit, at the places that are wrong`, async () => {
    const found = complaints((await readFixture(fileURLToPath(folderOf(`states/invalid/${file}`))))!);
    for (const place of places) assert.ok(found.includes(place), `${place} is not among ${found.join(' ')}`);
  });
}

interface Case {
  readonly entity: string;
  readonly title: string;
  readonly input: JsonObject;
  readonly existing?: JsonObject;
  readonly valid: boolean;
}

const cases = JSON.parse(readFileSync(folderOf('schema/cases.json'), 'utf8')) as Case[];
const pem = (name: string): string => readFileSync(folderOf(`schema/${name}.pem`), 'utf8');
function fill(value: Json): Json {
  if (typeof value === 'string') return value.startsWith('@') ? pem(value.replace(/^@+/, '')) : value;
  if (Array.isArray(value)) return value.map(fill);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)])) : value;
}

test('no value that the validator accepts is refused by the schema', () => {
  // A lifetime is judged where it starts to run, not by the validator.
  const accepted = cases.filter(
    ({ valid, existing, input }) => valid && existing === undefined && !Object.hasOwn(input, 'ttl'),
  );
  assert.ok(accepted.length > 40);
  for (const { entity, title, input } of accepted) {
    assert.deepEqual(complaints(stateFile({ [entity]: [fill(input)] })), [], `${entity}: ${title}`);
  }
});

test('what is stored, with every default and every unset field, is right to write', () => {
  const auto = { now: () => 1_700_000_000_000 };
  for (const { name } of pluginSchemas) {
    const plugins = schemaOf(schemas, 'plugins');
    const written = minimalEntity(schemas, plugins, { name });
    assert.ok(written, `no example of ${name}`);
    assert.deepEqual(complaints(stateFile({ plugins: [written] })), [], name);
    const stored = processEntity(schemas, plugins, written, { auto });
    assert.ok(stored.ok, name);
    assert.deepEqual(complaints(stateFile({ plugins: [stored.entity] })), [], name);
  }
});

interface PluginCase {
  readonly title: string;
  readonly config: JsonObject;
  readonly errors?: JsonObject;
}

test('no configuration of a plugin that the validator accepts is refused by the schema', () => {
  const byPlugin = JSON.parse(readFileSync(folderOf('schema/bundled-plugins.json'), 'utf8')) as Record<
    string,
    readonly PluginCase[]
  >;
  const accepted = Object.entries(byPlugin).flatMap(([name, list]) =>
    list.filter(({ errors }) => errors === undefined).map(({ title, config }) => ({ name, title, config })),
  );
  assert.ok(accepted.length > 5);
  for (const { name, title, config } of accepted) {
    assert.deepEqual(complaints(stateFile({ plugins: [{ name, config }] })), [], `${name}: ${title}`);
  }
});

test('a template may stand for a number, a boolean, a list, a word of a fixed set, and within a text', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: templates of state files
  const service = {
    name: 'orders-${{ env "DECK_STAGE" }}',
    host: '${{ env "DECK_HOST" }}',
    port: '${{ env "DECK_PORT" | toInt }}',
    protocol: '${{ env "DECK_PROTOCOL" }}',
    enabled: '${{ env "DECK_ENABLED" | toBool }}',
    tags: '${{ env "DECK_TAGS" }}',
  };
  assert.deepEqual(complaints(stateFile({ services: [service] })), []);
  assert.deepEqual(complaints(stateFile({ services: [{ ...service, port: 'x${{ env "DECK_PORT" }}' }] })), [
    '/services/0/port',
  ]);
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: templates of state files
});

test('null stands for a field that need not be set, whatever its patterns', () => {
  assert.deepEqual(complaints(stateFile({ services: [{ host: 'a.test', path: null, tags: null }] })), []);
  assert.ok(complaints(stateFile({ services: [{ host: null }] })).includes('/services/0/host'));
});

test('a reference is a name, an id, or an object with one of them', () => {
  const route = (service: Json): Json => stateFile({ routes: [{ paths: ['/x'], service }] });
  for (const right of ['orders', { name: 'orders' }, { id: 'x' }, null]) assert.deepEqual(complaints(route(right)), []);
  for (const wrong of [7, {}, { name: 'a', id: 'b' }, { host: 'a' }])
    assert.notDeepEqual(complaints(route(wrong)), [], JSON.stringify(wrong));
});

test('a field must be written, unless a shorthand stands for it', () => {
  const service = (fields: JsonObject): Json => stateFile({ services: [fields] });
  assert.deepEqual(complaints(service({ url: 'http://a.test' })), []);
  assert.deepEqual(complaints(service({ host: 'a.test' })), []);
  assert.ok(complaints(service({ name: 'a' })).includes('/services/0/host'));
});

test('a parent must be named at the top level and must not be where an entity is nested', () => {
  const target = { target: '10.0.0.1:80' };
  assert.ok(complaints(stateFile({ targets: [target] })).includes('/targets/0/upstream'));
  assert.deepEqual(complaints(stateFile({ targets: [{ ...target, upstream: 'u' }] })), []);
  assert.deepEqual(complaints(stateFile({ upstreams: [{ name: 'u', targets: [target, '10.0.0.2:80'] }] })), []);
  assert.ok(
    complaints(stateFile({ upstreams: [{ name: 'u', targets: [{ ...target, upstream: 'u' }] }] })).includes(
      '/upstreams/0/targets/0/upstream',
    ),
  );
});

test('config follows the name of the plugin, at the top level and nested', () => {
  const plugin = { name: 'rate-limiting', config: { minute: 5, policy: 'memory' } };
  assert.ok(complaints(stateFile({ plugins: [plugin] })).includes('/plugins/0/config/policy'));
  assert.ok(
    complaints(stateFile({ consumers: [{ username: 'a', plugins: [plugin] }] })).includes(
      '/consumers/0/plugins/0/config/policy',
    ),
  );
  assert.deepEqual(complaints(stateFile({ plugins: [{ name: 'not-known-here', config: { any: 'thing' } }] })), []);
});

test('what a shared configuration may hold need not be written', () => {
  const sections = (plugin: JsonObject): Json =>
    stateFile({ _plugin_configs: { limits: { minute: 5 } }, plugins: [{ name: 'rate-limiting', ...plugin }] });
  assert.deepEqual(complaints(sections({ _config: 'limits' })), []);
  assert.ok(complaints(sections({})).includes('/plugins/0/config'));
  assert.ok(complaints(sections({ config: { policy: 'local' } })).includes('/plugins/0/config/minute'));
});

test('a plugin that cannot be scoped to a parent cannot be nested in it', () => {
  const consumer = (name: string): Json => stateFile({ consumers: [{ username: 'a', plugins: [{ name }] }] });
  for (const name of ['key-auth', 'bot-detection']) {
    assert.deepEqual(complaints(consumer(name)), ['/consumers/0/plugins/0/name'], name);
  }
  assert.deepEqual(complaints(consumer('prometheus')), []);
});

test('what is written of one field decides what another may be', () => {
  const has = (value: Json, place: string): boolean => complaints(value).includes(place);
  const service = (fields: JsonObject): Json => stateFile({ services: [{ host: 'a.test', ...fields }] });
  assert.ok(has(service({ protocol: 'tcp', path: '/x' }), '/services/0/path'));
  assert.deepEqual(complaints(service({ protocol: 'http', path: '/x' })), []);
  assert.ok(has(service({ protocol: 'http', tls_verify: true }), '/services/0/tls_verify'));
  assert.deepEqual(complaints(service({ protocol: 'https', tls_verify: true })), []);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of a state file, whose value nobody knows here
  assert.deepEqual(complaints(service({ protocol: '${{ env "DECK_PROTOCOL" }}', tls_verify: true })), []);
  const upstream = (fields: JsonObject): Json => stateFile({ upstreams: [{ name: 'u', ...fields }] });
  assert.ok(has(upstream({ hash_on: 'header' }), '/upstreams/0/hash_on_header'));
  assert.deepEqual(complaints(upstream({ hash_on: 'header', hash_on_header: 'x-key' })), []);
  assert.ok(
    has(upstream({ hash_on: 'cookie', hash_on_cookie: 'c', hash_fallback: 'ip' }), '/upstreams/0/hash_fallback'),
  );
  const limit = (config: JsonObject): Json => stateFile({ plugins: [{ name: 'rate-limiting', config }] });
  assert.ok(has(limit({ minute: 1, limit_by: 'header' }), '/plugins/0/config/header_name'));
  assert.deepEqual(complaints(limit({ minute: 1, limit_by: 'header', header_name: 'x-key' })), []);
  const route = (fields: JsonObject): Json => stateFile({ routes: [fields] });
  assert.ok(has(route({ protocols: ['http'], paths: ['/x'], snis: ['a.test'] }), '/routes/0/snis'));
  assert.deepEqual(complaints(route({ protocols: ['https'], snis: ['a.test'] })), []);
});

test('defaults of a kind may be any of its fields but the one that tells entities apart', () => {
  const defaults = (service: JsonObject): Json => stateFile({ _info: { defaults: { service } } });
  assert.deepEqual(complaints(defaults({ retries: 2 })), []);
  assert.ok(complaints(defaults({ name: 'a' })).includes('/_info/defaults/service/name'));
  assert.ok(complaints(defaults({ retires: 2 })).includes('/_info/defaults/service/retires'));
});
