import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamicTable, NO_ENTRY } from './dynamic-table.ts';

test('an entry that is dropped says so, and holds its value no longer', () => {
  const table = new DynamicTable(100);
  const first = table.add('a', 'value');
  assert.deepEqual([first.serial, first.value, table.at(0)], [1, 'value', first]);
  const second = table.add('b', 'c'.repeat(60));
  assert.deepEqual([first.serial, first.value], [0, '']);
  assert.deepEqual([table.at(0), table.at(1)], [second, undefined]);
  table.resize(0);
  assert.deepEqual([second.serial, second.value, table.at(0)], [0, '', undefined]);
});

test('an entry that does not fit is none', () => {
  const table = new DynamicTable(33);
  const first = table.add('a', '');
  assert.equal(table.add('a', 'b'), NO_ENTRY);
  assert.equal(first.serial, 0);
  assert.equal(table.at(0), undefined);
  assert.equal(table.add('b', '').serial, 2);
});
