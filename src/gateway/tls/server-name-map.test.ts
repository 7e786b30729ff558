import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerNameMap } from './server-name-map.ts';

test('a name is found as it is, by its end, by its beginning, and by the name for all', () => {
  const map = new ServerNameMap<string>();
  for (const name of ['a.domain.test', '*.domain.test', 'a.*', '*.test', 'b.domain.test']) map.add(name, name);
  assert.deepEqual(map.find('a.domain.test').sort(), ['*.domain.test', '*.test', 'a.*', 'a.domain.test']);
  assert.deepEqual(map.find('A.Domain.Test.').sort(), ['*.domain.test', '*.test', 'a.*', 'a.domain.test']);
  assert.deepEqual(map.find('domain.test'), ['*.test']);
  assert.deepEqual(map.find('nowhere'), []);
  map.add('*', '*');
  assert.deepEqual(map.find('nowhere'), ['*']);
});
