import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Inbox, type Start } from './inbox.ts';
import type { ToWorker } from './messages.ts';

const start = { type: 'start' } as Start;
const reopen: ToWorker = { type: 'reopen' };
const figures: ToWorker = { type: 'figures' };

test('what arrives in one go with the start is there when somebody takes it', async () => {
  const source = new EventEmitter();
  const inbox = new Inbox(source);
  source.emit('message', start);
  source.emit('message', reopen);
  assert.equal(await inbox.start, start);
  source.emit('message', figures);
  const seen: ToWorker[] = [];
  inbox.open((message) => seen.push(message));
  assert.deepEqual(seen, [reopen, figures]);
  source.emit('message', reopen);
  assert.deepEqual(seen, [reopen, figures, reopen]);
});
