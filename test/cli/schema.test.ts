// The schema commands as a user runs them: to standard output, to a file, and to a place that cannot be written.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gwctl } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-schema-'));
after(() => rmSync(folder, { recursive: true }));

describe('schema state', () => {
  it('prints a JSON Schema', async () => {
    const { code, out, err } = await gwctl(['schema/state']);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(JSON.parse(out).$schema, 'https://json-schema.org/draft/2020-12/schema');
  });

  it('writes the same to a file', async () => {
    const file = join(folder, 'state.schema.json');
    const { code, out } = await gwctl(['schema/state', '--output-file', file]);
    assert.deepEqual([code, out], [0, '']);
    assert.equal(readFileSync(file, 'utf8'), (await gwctl(['schema/state', '-o', '-'])).out);
  });

  it('says which file cannot be written', async () => {
    const file = join(folder, 'missing', 'state.schema.json');
    const { code, err } = await gwctl(['schema/state', '-o', file]);
    assert.equal(code, 1);
    assert.match(err, /^Error: .*missing\/state\.schema\.json cannot be written: ENOENT/);
  });
});

describe('schema openapi', () => {
  it('prints the description of the Admin API', async () => {
    const { code, out, err } = await gwctl(['schema/openapi']);
    assert.deepEqual([code, err], [0, '']);
    assert.ok(Object.hasOwn(JSON.parse(out).paths, '/services/{services}/routes'));
  });
});

describe('schema entity and schema plugin', () => {
  it('show fields with type, default and meaning, and rules', async () => {
    const entity = await gwctl(['schema/entity', 'services']);
    assert.equal(entity.code, 0);
    assert.match(entity.out, /^services: an upstream API\n\n/);
    assert.match(entity.out, /\nhost {2}text, required\n {4}\S/);
    assert.match(entity.out, /\nretries {2}integer, default 5\n {4}.*From 0 to 32767\.\n/);
    assert.match(entity.out, /\nRules\n {2}- When protocol is one of tcp, /);
    const plugin = await gwctl(['schema/plugin', 'rate-limiting']);
    assert.equal(plugin.code, 0);
    assert.match(plugin.out, /\nconfig\.redis\.port {2}integer, default 6379\n/);
  });

  it('name the nearest one they know', async () => {
    const { code, err } = await gwctl(['schema/plugin', 'rate-limitting']);
    assert.equal(code, 1);
    assert.match(err, /^Error: there is no plugin named 'rate-limitting'\nHint: Did you mean 'rate-limiting'\?\n/);
    assert.match((await gwctl(['schema/entity', 'qqqqqqqq'])).err, /Known: .*consumers, .*services/);
  });
});
