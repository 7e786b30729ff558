import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsToReset, windowAt } from './windows.ts';

const at = (text: string): number => Date.parse(text);

test('windows begin and end with the calendar, in UTC', () => {
  const now = at('2024-02-29T23:59:58.900Z');
  const cases = [
    ['second', '2024-02-29T23:59:58Z', '2024-02-29T23:59:59Z'],
    ['minute', '2024-02-29T23:59:00Z', '2024-03-01T00:00:00Z'],
    ['hour', '2024-02-29T23:00:00Z', '2024-03-01T00:00:00Z'],
    ['day', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['month', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['year', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
  ] as const;
  for (const [period, start, end] of cases) assert.deepEqual(windowAt(period, now), { start: at(start), end: at(end) });
});

test('December ends with the year', () => {
  assert.deepEqual(windowAt('month', at('2023-12-31T12:00:00Z')), { start: at('2023-12-01'), end: at('2024-01-01') });
});

test('the first millisecond belongs to the window', () => {
  const start = at('2024-01-01T00:00:00Z');
  for (const period of ['second', 'minute', 'hour', 'day', 'month', 'year'] as const) {
    assert.equal(windowAt(period, start).start, start);
  }
});

test('the reset counts whole seconds and is never less than one', () => {
  const start = at('2024-01-01T00:00:00Z');
  assert.equal(secondsToReset('minute', start, start), 60);
  assert.equal(secondsToReset('minute', start, start + 59_999), 1);
  assert.equal(secondsToReset('hour', start, start + 1500), 3599);
  assert.equal(secondsToReset('second', start, start + 900), 1);
  // A month counts as 30 days: on the 31st the answer stays at its least.
  assert.equal(secondsToReset('month', start, start + 30 * 86_400_000), 1);
  assert.equal(secondsToReset('month', start, start + 86_400_000), 29 * 86_400);
});
