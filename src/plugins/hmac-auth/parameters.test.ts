import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseParameters } from './parameters.ts';

const GOOD = 'username="bob", algorithm="hmac-sha256", headers="date request-line", signature="c2ln"';

test('four quoted parameters behind the scheme', () => {
  const expected = {
    username: 'bob',
    algorithm: 'hmac-sha256',
    names: ['date', 'request-line'],
    signature: 'c2ln',
  };
  assert.deepEqual(parseParameters(`hmac ${GOOD}`), expected);
  assert.deepEqual(parseParameters(` HMAC  ${GOOD.replaceAll(', ', ',')} `), expected);
});

test('another order, another name, an empty value or a rest is nothing', () => {
  const wrong = [
    '',
    'hmac',
    'foo',
    `hmac${GOOD}`,
    `x hmac ${GOOD}`,
    'hmac username',
    'hmac algorithm="hmac-sha1", username="bob", headers="date", signature="c2ln"',
    `hmac ${GOOD.replace('username', 'usernam')}`,
    `hmac ${GOOD.replace('headers', 'wrongheader')}`,
    `hmac ${GOOD.replace('bob', '')}`,
    `hmac ${GOOD.replace('c2ln', '')}`,
    `hmac ${GOOD.replace(', algorithm', ' algorithm')}`,
    `hmac ${GOOD}, more="1"`,
    `hmac ${GOOD.slice(0, -1)}`,
  ];
  for (const header of wrong) assert.equal(parseParameters(header), undefined, header);
});

test('a hundred names are enough for every honest request', () => {
  const signing = (count: number) =>
    parseParameters(
      `hmac username="u", algorithm="a", headers="${Array<string>(count).fill('date').join(' ')}", signature="s"`,
    );
  assert.equal(signing(100)?.names.length, 100);
  assert.equal(signing(101), undefined);
});
