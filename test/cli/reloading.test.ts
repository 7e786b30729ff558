// When files are loaded again: one load after the other, and no more of them than are of use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reloading, type ReloadingParts } from '../../src/cli/serve/reloading.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { createState } from '../../src/state/state.ts';
import { MemoryStore } from '../../src/store/memory.ts';

test('whoever asks while files are being loaded shares the next load with all who ask meanwhile', async () => {
  const begun: (() => void)[] = [];
  const lines: string[] = [];
  const store = new MemoryStore(createState(createSchemas([])));
  const opened = {
    store,
    files: ['a.yaml'],
    read: () => new Promise((resolve) => begun.push(() => resolve(() => Promise.resolve()))),
  };
  const log: ReloadingParts['log'] = (_level, message) => lines.push(message);
  const reloading = new Reloading({ opened, log, plugins: [], watched: undefined } as unknown as ReloadingParts);
  const first = reloading.files();
  await new Promise(setImmediate);
  assert.equal(begun.length, 1);
  const others = Promise.all([reloading.files(), reloading.files(), reloading.files()]);
  begun[0]!();
  await first;
  await new Promise(setImmediate);
  begun[1]!();
  await others;
  assert.equal(begun.length, 2);
  assert.equal(lines.length, 2);
  await store.close();
});
