import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRedirect, withFragment, withQuery } from './redirect-uri.ts';

test('values go into the query, sorted, over those of the same name', () => {
  assert.equal(withQuery('http://a.test/x', { code: 'c', state: 's p' }), 'http://a.test/x?code=c&state=s%20p');
  assert.equal(withQuery('http://a.test/?z=1&code=old&a', { code: 'c' }), 'http://a.test/?a&code=c&z=1');
  assert.equal(withQuery('http://a.test', { state: '&x=y#"<' }), 'http://a.test?state=%26x%3Dy%23%22%3C');
});

test('or into the fragment', () => {
  assert.equal(
    withFragment('http://a.test/?q=1', { token_type: 'bearer', expires_in: 5 }),
    'http://a.test/?q=1#expires_in=5&token_type=bearer',
  );
});

test('only a registered address is used; the first one stands in', () => {
  const registered = ['http://a.test/1', 'http://a.test/2'] as const;
  const choose = (asked: string | undefined) => {
    const { uri, failure } = chooseRedirect(asked, [...registered]);
    return [uri, failure === undefined];
  };
  assert.deepEqual(choose(undefined), [registered[0], true]);
  assert.deepEqual(choose(registered[1]), [registered[1], true]);
  for (const asked of ['', 'http://a.test/3', 'http://a.test/1/', 'http://a.test/1?x', 'HTTP://a.test/1']) {
    assert.deepEqual(choose(asked), [registered[0], false], asked);
  }
});
