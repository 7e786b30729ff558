import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPeriodOrder } from './periods.ts';

test('a longer period may not allow less than any shorter one; the shortest that is exceeded is named', () => {
  const wrong = (longer: string, shorter: string): string => `${longer} cannot be lower than the limit for ${shorter}`;
  assert.equal(checkPeriodOrder({ second: 20, minute: 10 }), wrong('minute(10.0)', 'second(20.0)'));
  assert.equal(checkPeriodOrder({ second: 10, minute: 20, hour: 5 }), wrong('hour(5.0)', 'second(10.0)'));
  assert.equal(checkPeriodOrder({ minute: 20, hour: 10, day: 5 }), wrong('hour(10.0)', 'minute(20.0)'));
  assert.equal(checkPeriodOrder({ second: 1, minute: 1, hour: null, year: 2 }), undefined);
});
