// What clients read off the literals of plugins and credentials: defaults in their order, descriptions, which values are
// secret, and values that are stored in another form than they are written in.
import assert from 'node:assert/strict';
import { createHash, pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { normalizeForCompare } from '../../src/schema/compare.ts';
import type { Entity, Field, Fields } from '../../src/schema/define.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { isSensitivePath } from '../../src/schema/sensitive.ts';
import { type Processed, type ProcessOptions, processEntity } from '../../src/schema/validate.ts';

const schemas = createSchemas(bundledPlugins);
const auto = { now: () => 1_700_000_000_000 };
const BOB = '5a8b9c0d-1111-4222-8333-444455556666';
const EVE = '7a8b9c0d-1111-4222-8333-444455556666';

const write = (kind: string, input: JsonObject, options: Omit<ProcessOptions, 'auto'> = {}): Processed =>
  processEntity(schemas, schemaOf(schemas, kind), input, { auto, ...options });

function stored(result: Processed): Entity {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.errors));
  return result.entity;
}

interface Defaults {
  readonly given: JsonObject;
  readonly stored: JsonObject;
  readonly protocols: Json[];
}
const file = new URL('../../fixtures/schema/plugin-defaults.json', import.meta.url);
const defaults = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Defaults>;

for (const [name, { given, stored: expected, protocols }] of Object.entries(defaults)) {
  test(`${name} has Kong's defaults, in Kong's order`, () => {
    const { config, protocols: chosen } = stored(write('plugins', { name, config: given }));
    assert.deepEqual(chosen, protocols);
    // As text, because the order of members counts.
    assert.equal(JSON.stringify(config, null, 1), JSON.stringify(expected, null, 1));
  });
}

/** Every field with its path, at any depth of records. */
function* walk(fields: Fields, path: string): Generator<[string, Field]> {
  for (const [name, field] of Object.entries(fields)) {
    yield [`${path}.${name}`, field];
    const inner = field.type === 'array' || field.type === 'set' ? field.elements : field;
    const value = inner.type === 'map' ? inner.values : inner;
    if (value.type === 'record') yield* walk(value.fields, `${path}.${name}`);
  }
}

test('every field of every entity and plugin says in a sentence what it is', () => {
  const all = [...schemas.entities.values()].flatMap((schema) => [...walk(schema.fields, schema.name)]);
  for (const { name, schema } of bundledPlugins) all.push(...walk(schema.fields, name));
  const silent = all
    // The record itself is described once, where the entity `plugins` declares it.
    .filter(([path]) => !/^[a-z0-9-]+\.config$/.test(path) || path === 'plugins.config')
    .filter(([, { description }]) => !/^\S.*\.$/s.test(description ?? ''));
  assert.deepEqual(
    silent.map(([path]) => path),
    [],
  );
});

test('secrets of credentials and of these plugins are masked wherever they are shown', () => {
  const entities: Readonly<Record<string, readonly string[]>> = {
    keyauth_credentials: ['key'],
    basicauth_credentials: ['password'],
    hmacauth_credentials: ['secret'],
    jwt_secrets: ['secret'],
    oauth2_credentials: ['client_secret'],
    oauth2_authorization_codes: ['code'],
    oauth2_tokens: ['access_token', 'refresh_token'],
    sessions: ['session_id', 'data'],
    acme_storage: ['value'],
  };
  for (const [kind, expected] of Object.entries(entities)) {
    const { fields } = schemaOf(schemas, kind);
    const secret = Object.keys(fields).filter((name) => isSensitivePath(fields, [name]));
    assert.deepEqual(secret, expected, kind);
  }
  const configs: Readonly<Record<string, readonly string[]>> = {
    acme: [
      'account_email',
      'eab_kid',
      'eab_hmac_key',
      'storage_config.redis.password',
      'storage_config.consul.token',
      'storage_config.vault.token',
    ],
    oauth2: ['provision_key'],
    'rate-limiting': ['redis.password'],
    'response-ratelimiting': ['redis.password'],
    session: ['secret'],
    'standard-webhooks': ['secret_v1'],
  };
  for (const [name, expected] of Object.entries(configs)) {
    const fields = schemas.subschema('plugins', name)!.fields;
    const secret = [...walk(fields, '')].filter(([, field]) => field.encrypted === true).map(([path]) => path);
    assert.deepEqual(
      secret,
      expected.map((path) => `.config.${path}`),
      name,
    );
  }
});

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
const credential = (fields: JsonObject): JsonObject => ({ consumer: { id: BOB }, username: 'bob', ...fields });

test('counters in the database are for nodes that have one, whatever files say that are for others', () => {
  const counting = [
    { name: 'rate-limiting', config: { minute: 5, policy: 'cluster' } },
    { name: 'response-ratelimiting', config: { limits: { video: { minute: 5 } }, policy: 'cluster' } },
  ];
  for (const plugin of counting) {
    for (const use of ['files', 'serving'] as const) {
      const schemasHere = createSchemas(bundledPlugins, { use });
      assert.ok(
        processEntity(schemasHere, schemaOf(schemasHere, 'plugins'), plugin, { auto }).ok,
        `${plugin.name}, ${use}`,
      );
    }
    const without = createSchemas(bundledPlugins, { use: 'serving without a database' });
    const refused = processEntity(without, schemaOf(without, 'plugins'), plugin, { auto });
    assert.deepEqual(refused.ok || refused.errors, { config: { policy: 'expected one of: local, redis' } });
  }
});

test('a password is stored as the SHA-1 of itself and the id of its consumer, blanks included', () => {
  const entity = stored(write('basicauth_credentials', credential({ password: ' kong ' })));
  assert.equal(entity['password'], sha1(` kong ${BOB}`));
});

test('a password stays as it was written when it goes to another gateway', () => {
  const entity = stored(write('basicauth_credentials', credential({ password: 'kong' }), { secrets: 'as-written' }));
  assert.equal(entity['password'], 'kong');
});

test('an update of other fields leaves the hash of a password alone', () => {
  const existing = stored(write('basicauth_credentials', credential({ password: 'kong' })));
  const updated = stored(write('basicauth_credentials', { username: 'rob' }, { existing }));
  assert.deepEqual([updated['username'], updated['password']], ['rob', sha1(`kong${BOB}`)]);
});

test('an update by null leaves a password as it is', () => {
  const existing = stored(write('basicauth_credentials', credential({ password: 'kong' })));
  const updated = stored(write('basicauth_credentials', { username: 'rob', password: null }, { existing }));
  assert.deepEqual([updated['username'], updated['password']], ['rob', sha1(`kong${BOB}`)]);
});

test('a password is updated together with its consumer, and neither without the other', () => {
  const existing = stored(write('basicauth_credentials', credential({ password: 'kong' })));
  const update = (input: JsonObject): Processed => write('basicauth_credentials', input, { existing });
  const refused = {
    ok: false,
    errors: { '@entity': ["all or none of these fields must be set: 'password', 'consumer.id'"] },
  };
  assert.deepEqual(update({ password: 'king' }), refused);
  assert.deepEqual(update({ consumer: { id: EVE } }), refused);
  const moved = stored(update({ password: 'king', consumer: { id: EVE } }));
  assert.equal(moved['password'], sha1(`king${EVE}`));
});

const client = (fields: JsonObject): JsonObject => ({ consumer: { id: BOB }, name: 'app', ...fields });

test('a client secret is hashed when the client says so', () => {
  const plain = stored(write('oauth2_credentials', client({ client_secret: 'secret' })));
  assert.equal(plain['client_secret'], 'secret');
  const hashed = stored(write('oauth2_credentials', client({ client_secret: 'secret', hash_secret: true })));
  const parts = /^\$pbkdf2-sha512\$i=10000,l=32\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
    hashed['client_secret'] as string,
  );
  assert.ok(parts, String(hashed['client_secret']));
  const salt = Buffer.from(parts[1]!, 'base64');
  assert.equal(salt.length, 16);
  const expected = pbkdf2Sync('secret', salt, 10_000, 32, 'sha512');
  assert.deepEqual(Buffer.from(parts[2]!, 'base64'), expected);
});

test('the secret of a client is updated together with how it is stored', () => {
  const existing = stored(write('oauth2_credentials', client({ client_secret: 'secret' })));
  const update = (input: JsonObject): Processed => write('oauth2_credentials', input, { existing });
  const refused = {
    ok: false,
    errors: { '@entity': ["all or none of these fields must be set: 'hash_secret', 'client_secret'"] },
  };
  assert.deepEqual(update({ client_secret: 'new' }), refused);
  assert.deepEqual(update({ hash_secret: true }), refused);
  assert.equal(stored(update({ name: 'other' }))['client_secret'], 'secret');
  assert.equal(stored(update({ client_secret: 'new', hash_secret: false }))['client_secret'], 'new');
});

test('what is stored as a hash is not compared, and everything beside it is', () => {
  const { fields } = schemaOf(schemas, 'basicauth_credentials');
  const one = stored(write('basicauth_credentials', credential({ password: 'kong' })));
  const normal = normalizeForCompare(fields, one);
  assert.deepEqual(normalizeForCompare(fields, { ...one, password: 'kong' }), normal);
  assert.notDeepEqual(normalizeForCompare(fields, { ...one, username: 'rob' }), normal);

  const clients = schemaOf(schemas, 'oauth2_credentials').fields;
  const plain = stored(write('oauth2_credentials', client({ client_secret: 'a' })));
  const normalClient = (value: JsonObject): JsonObject => normalizeForCompare(clients, value);
  assert.notDeepEqual(normalClient({ ...plain, client_secret: 'b' }), normalClient(plain));
  const hashed = { ...plain, hash_secret: true };
  assert.deepEqual(normalClient({ ...hashed, client_secret: 'b' }), normalClient(hashed));
  assert.notDeepEqual(normalClient(hashed), normalClient(plain));
});

test('the digest of a CA certificate follows the certificate, also where secrets stay as written', () => {
  const cert = readFileSync(new URL('../../fixtures/schema/cert-ca.pem', import.meta.url), 'utf8');
  const der = Buffer.from(cert.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const expected = createHash('sha256').update(der).digest('hex');
  for (const secrets of ['as-stored', 'as-written'] as const) {
    assert.equal(stored(write('ca_certificates', { cert }, { secrets }))['cert_digest'], expected);
  }
});
