import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchQueue, type QueueLimits } from '../../src/lib/queue.ts';

const LIMITS: QueueLimits = {
  maxBatchSize: 1,
  maxCoalescingDelay: 1,
  maxEntries: 100,
  maxBytes: undefined,
  maxRetryTime: 60,
  initialRetryDelay: 0.005,
  maxRetryDelay: 0.02,
  concurrencyLimit: 1,
};

interface Rig {
  readonly queue: BatchQueue<string>;
  readonly sent: string[][];
  readonly reports: string[];
}

function rig(limits: Partial<QueueLimits>, send: (batch: readonly string[]) => Promise<void> = async () => {}): Rig {
  const sent: string[][] = [];
  const reports: string[] = [];
  const queue = new BatchQueue<string>({
    limits: { ...LIMITS, ...limits },
    sizeOf: (entry) => Buffer.byteLength(entry),
    send: async (batch) => {
      await send(batch);
      sent.push([...batch]);
    },
    report: (level, message) => reports.push(`${level} ${message}`),
  });
  return { queue, sent, reports };
}

const push = (queue: BatchQueue<string>, ...entries: string[]): void => {
  for (const entry of entries) queue.push(entry);
};

/** A promise that is settled from outside. */
function gate(): { open(): void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

test('batches of one go out one after the other, in order and without delay', async () => {
  let underWay = 0;
  const { queue, sent } = rig({}, async () => {
    underWay += 1;
    assert.equal(underWay, 1);
    await sleep(1);
    underWay -= 1;
  });
  const startedAt = performance.now();
  push(queue, 'a', 'b', 'c');
  await queue.close();
  assert.deepEqual(sent, [['a'], ['b'], ['c']]);
  assert.ok(performance.now() - startedAt < 900);
});

test('a full batch does not wait, an incomplete one waits for the coalescing delay', async () => {
  const { queue, sent } = rig({ maxBatchSize: 2, maxCoalescingDelay: 0.2 });
  push(queue, 'a', 'b', 'c');
  await sleep(50);
  assert.deepEqual(sent, [['a', 'b']]);
  push(queue, 'd');
  await sleep(50);
  assert.deepEqual(sent, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  push(queue, 'e');
  await sleep(100);
  assert.equal(sent.length, 2);
  await sleep(200);
  assert.deepEqual(sent[2], ['e']);
  await queue.close();
});

test('a delay of zero sends what there is', async () => {
  const { queue, sent } = rig({ maxBatchSize: 10, maxCoalescingDelay: 0 });
  push(queue, 'a', 'b');
  await sleep(20);
  assert.deepEqual(sent, [['a', 'b']]);
  await queue.close();
});

test('what could not be sent is sent again, before anything else, with growing delays', async () => {
  const times: number[] = [];
  const { queue, sent, reports } = rig({ maxRetryDelay: 1, initialRetryDelay: 0.02 }, async ([entry]) => {
    if (entry !== 'a') return;
    times.push(performance.now());
    if (times.length < 4) throw new Error('not yet');
  });
  push(queue, 'a', 'b');
  await queue.close();
  assert.deepEqual(sent, [['a'], ['b']]);
  const delays = times.slice(1).map((time, i) => time - times[i]!);
  assert.ok(delays[0]! >= 19 && delays[1]! >= 39 && delays[2]! >= 79, String(delays));
  assert.deepEqual(reports, ['warn could not send, will try again: not yet']);
});

test('a batch is given up after max_retry_time and the next one has its turn', async () => {
  const { queue, sent, reports } = rig({ maxRetryTime: 0.05 }, async ([entry]) => {
    if (entry === 'a') throw new Error('no');
  });
  push(queue, 'a', 'b');
  await queue.close();
  assert.deepEqual(sent, [['b']]);
  assert.ok(
    reports.includes('error could not send entries due to max_retry_time exceeded. 1 queue entries were lost: no'),
  );
});

test('a negative max_retry_time means one attempt', async () => {
  let attempts = 0;
  const { queue } = rig({ maxRetryTime: -1 }, async () => {
    attempts += 1;
    throw new Error('no');
  });
  push(queue, 'a');
  await queue.close();
  assert.equal(attempts, 1);
});

test('a full queue loses its oldest entries, and says how many', async () => {
  const { open, passed } = gate();
  const { queue, sent, reports } = rig({ maxEntries: 3 }, () => passed);
  push(queue, 'a');
  await sleep(5);
  push(queue, 'b', 'c', 'd', 'e', 'f');
  assert.equal(queue.length, 3);
  open();
  await queue.close();
  assert.deepEqual(sent.flat(), ['a', 'd', 'e', 'f']);
  assert.deepEqual(reports, [
    'warn the queue is nearly full: 3 of 3 entries',
    'error the queue is full. 1 queue entries were lost',
    'error the queue is full. 1 queue entries were lost',
    'warn queue resumed processing',
  ]);
});

test('a queue that is full says so before the next entry costs one', async () => {
  const { open, passed } = gate();
  const { queue } = rig({ maxEntries: 2 }, () => passed);
  push(queue, 'a');
  await sleep(5);
  push(queue, 'b');
  assert.equal(queue.isFull, false);
  push(queue, 'c');
  assert.equal(queue.isFull, true);
  open();
  await queue.close();
});

test('another way to send and other limits hold for what waits, and for the next attempt', async () => {
  const { queue, sent, reports } = rig({}, () => Promise.reject(new Error('no')));
  push(queue, 'a', 'bb', 'cc');
  await sleep(5);
  assert.ok(reports.includes('warn could not send, will try again: no'));
  queue.use({
    limits: { ...LIMITS, maxBatchSize: 10, maxBytes: 5 },
    sizeOf: (entry) => entry.length,
    send: async (batch) => void sent.push([...batch]),
    report: () => undefined,
  });
  push(queue, 'dd');
  await queue.close();
  assert.deepEqual(sent, [['a'], ['cc', 'dd']]);
});

test('bytes are limited too: the oldest entries make room, and what is too large alone is refused', async () => {
  const { open, passed } = gate();
  const { queue, sent } = rig({ maxBytes: 10 }, () => passed);
  push(queue, 'first');
  await sleep(5);
  push(queue, '1234', '5678', 'eleven bytes', '90ab');
  open();
  await queue.close();
  assert.deepEqual(sent.flat(), ['first', '5678', '90ab']);
});

test('bytes are counted, not characters, and given back when entries leave', async () => {
  const { queue, sent } = rig({ maxBytes: 4 });
  for (const entry of ['éé', 'èè', 'ééé']) {
    push(queue, entry);
    await sleep(5);
  }
  assert.deepEqual(sent.flat(), ['éé', 'èè']);
  await queue.close();
});

test('with a concurrency of -1 entries go alone and at once, and are not sent again', async () => {
  const { open, passed } = gate();
  let underWay = 0;
  const { queue, sent, reports } = rig(
    { concurrencyLimit: -1, maxBatchSize: 10, maxCoalescingDelay: 10, maxEntries: 3 },
    async ([entry]) => {
      underWay += 1;
      await passed;
      if (entry === 'b') throw new Error('no');
    },
  );
  push(queue, 'a', 'b', 'c', 'd');
  assert.equal(underWay, 3);
  open();
  await queue.close();
  assert.deepEqual(sent, [['a'], ['c']]);
  assert.equal(underWay, 3);
  assert.equal(reports[0], 'error too many entries are under way. 1 queue entries were lost');
});

test('closing ends the coalescing delay and waits for the last attempt', async () => {
  const { queue, sent } = rig({ maxBatchSize: 10, maxCoalescingDelay: 60 }, () => sleep(20));
  push(queue, 'a');
  await sleep(5);
  await queue.close();
  assert.deepEqual(sent, [['a']]);
  push(queue, 'b');
  await queue.close();
  assert.deepEqual(sent, [['a']]);
});

test('closing with a deadline loses what cannot be sent in time, and says so', async () => {
  const { queue, sent, reports } = rig({ maxBatchSize: 1 }, async () => {
    throw new Error('away');
  });
  push(queue, 'a', 'b');
  await sleep(5);
  const startedAt = performance.now();
  await queue.close(50);
  assert.ok(performance.now() - startedAt < 1000);
  assert.deepEqual(sent, []);
  assert.equal(reports.at(-1), 'error no time left to send. 2 queue entries were lost');
});

test('a send that never ends does not hold up closing', async () => {
  const { queue, reports } = rig({}, () => new Promise(() => undefined));
  push(queue, 'a');
  await sleep(5);
  await queue.close(20);
  assert.equal(reports.at(-1), 'error no time left to send. 1 queue entries were lost');
});

test('ten thousand entries keep their order through drops and batches', async () => {
  const { queue, sent } = rig({ maxBatchSize: 7, maxEntries: 5000, maxCoalescingDelay: 0.01 });
  for (let i = 0; i < 10_000; i++) queue.push(String(i));
  await queue.close();
  assert.deepEqual(
    sent.flat(),
    Array.from({ length: 5000 }, (_, i) => String(i + 5000)),
  );
});
