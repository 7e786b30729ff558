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
