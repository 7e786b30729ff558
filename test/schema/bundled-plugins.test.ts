// Configurations of bundled plugins with the errors that the Admin API gives, or what is stored; and what holds for the
// literals of all of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { normalizeForCompare } from '../../src/schema/compare.ts';
import type { ErrorTree, Field, Fields } from '../../src/schema/define.ts';
import { describeSubschema } from '../../src/schema/describe.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { describeErrors, type Processed, processEntity } from '../../src/schema/validate.ts';

interface Case {
  readonly title: string;
  readonly config: JsonObject;
  /** Absent when the configuration is right. */
  readonly errors?: ErrorTree;
  readonly message?: string;
  /** Some of what is stored. */
  readonly stored?: JsonObject;
}

const file = new URL('../../fixtures/schema/bundled-plugins.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Case[]>;
const schemas = createSchemas(bundledPlugins);

const store = (name: string, config: JsonObject): Processed =>
  processEntity(schemas, schemaOf(schemas, 'plugins'), { name, config }, { auto: { now: () => 1_700_000_000_000 } });

/** What the case says of a record, the stored one may say more of. */
function assertContains(actual: Json | undefined, expected: Json): void {
  if (!isObject(expected)) return assert.deepEqual(actual, expected);
  assert.ok(isObject(actual as Json), `${JSON.stringify(actual)} is no record`);
  for (const [key, item] of Object.entries(expected)) assertContains((actual as JsonObject)[key], item as Json);
}

for (const [plugin, list] of Object.entries(cases)) {
  for (const { title, config, errors, message, stored } of list) {
    test(`${plugin}: ${title}: ${errors === undefined ? 'accepted' : 'refused'}`, () => {
      const result = store(plugin, config);
      if (errors === undefined) {
        assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.errors));
        if (stored !== undefined) assertContains(result.entity['config'], stored);
        return;
      }
      assert.ok(!result.ok, 'accepted');
      assert.deepEqual(JSON.parse(JSON.stringify(result.errors)), errors);
      if (message !== undefined) assert.equal(describeErrors(result.errors), message);
    });
  }
}

/** Every field of a record with its path; elements of lists and values of maps included. */
function* walk(fields: Fields, path: string): Generator<[string, Field]> {
  for (const [name, field] of Object.entries(fields)) {
    yield [`${path}.${name}`, field];
    const inner = field.type === 'array' || field.type === 'set' ? field.elements : field;
    if (inner.type === 'record') yield* walk(inner.fields, `${path}.${name}`);
  }
}

const configOf = (fields: Fields): Fields => {
  const { config } = fields;
  assert.ok(config?.type === 'record');
  return config.fields;
};

test('every field of these plugins says in one sentence what it is', () => {
  for (const name of Object.keys(cases)) {
    const plugin = bundledPlugins.find((one) => one.name === name);
    assert.ok(plugin, name);
    for (const [path, { description }] of walk(configOf(plugin.schema.fields), name)) {
      assert.match(description ?? '', /^(?:[A-Z0-9]|queue).*\.$/s, path);
    }
  }
});

test('defaults satisfy their own rules', () => {
  for (const name of [
    'zipkin',
    'prometheus',
    'statsd',
    'datadog',
    'syslog',
    'aws-lambda',
    'grpc-gateway',
    'grpc-web',
  ]) {
    const first = store(name, {});
    assert.ok(first.ok, first.ok ? '' : `${name}: ${JSON.stringify(first.errors)}`);
    const again = store(name, first.entity['config'] as JsonObject);
    assert.ok(again.ok, again.ok ? '' : `${name}: ${JSON.stringify(again.errors)}`);
    const fields = configOf(schemas.subschema('plugins', name)!.fields);
    const [normal, expected] = [again, first].map((one) =>
      normalizeForCompare(fields, one.entity['config'] as JsonObject),
    );
    assert.deepEqual(normal, expected);
  }
});

test('secrets of these plugins are masked wherever configurations are shown', () => {
  const secrets: Readonly<Record<string, readonly string[]>> = {
    'http-log': ['http_endpoint'],
    loggly: ['key'],
    'aws-lambda': ['aws_key', 'aws_secret', 'aws_assume_role_arn'],
    'azure-functions': ['apikey', 'clientid'],
    'ai-proxy': [
      'auth.header_value',
      'auth.param_value',
      'auth.gcp_service_account_json',
      'auth.aws_access_key_id',
      'auth.aws_secret_access_key',
    ],
  };
  for (const [name, expected] of Object.entries(secrets)) {
    const plugin = bundledPlugins.find((one) => one.name === name)!;
    const found = [...walk(configOf(plugin.schema.fields), name)].filter(([, field]) => field.encrypted === true);
    assert.deepEqual(
      found.map(([path]) => path.slice(name.length + 1)),
      expected,
    );
  }
});

test('the description of a deprecated field names the value that counts as unset', () => {
  const httpLog = bundledPlugins.find((one) => one.name === 'http-log')!;
  const { fields } = describeSubschema(httpLog.schema) as { fields: { config?: { fields: JsonObject[] } }[] };
  const described = fields.find((field) => field.config !== undefined)!.config!.fields;
  const queueSize = described.find((field) => field['queue_size'] !== undefined)!['queue_size'] as JsonObject;
  assert.deepEqual(queueSize['deprecation'], {
    message: 'http-log: config.queue_size is deprecated, please use config.queue.max_batch_size instead',
    old_default: 1,
    removal_in_version: '4.0',
  });
});
