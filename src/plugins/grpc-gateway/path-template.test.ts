import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTemplate } from './path-template.ts';

for (const [template, path, expected] of [
  ['/v1/messages/{name}', '/v1/messages/john_doe', [['name', 'john_doe']]],
  ['/v1/messages/{name}', '/v1/messages/a%20b', [['name', 'a b']]],
  ['/v1/messages/{name}', '/v1/messages', undefined],
  ['/v1/messages/{name}', '/v1/messages/', undefined],
  ['/v1/messages/{name}', '/v1/messages/a/b', undefined],
  ['/v1/{name=shelves/*}', '/v1/shelves/3', [['name', 'shelves/3']]],
  ['/v1/{name=shelves/*}', '/v1/books/3', undefined],
  [
    '/v1/{name=shelves/*}/books/{book.id}',
    '/v1/shelves/3/books/7',
    [
      ['name', 'shelves/3'],
      ['book.id', '7'],
    ],
  ],
  ['/files/{path=**}', '/files/a/b/c', [['path', 'a/b/c']]],
  ['/files/{path=**}:read', '/files/a/b:read', [['path', 'a/b']]],
  ['/files/{path=**}:read', '/files/a/b:write', undefined],
  ['/v1/*/x', '/v1/anything/x', []],
  ['/v1/a', '/v1/a', []],
  ['/v1/a/', '/v1/a/', []],
  ['/v1/a/', '/v1/a', undefined],
  ['/v1/a', '/v1/a/', undefined],
  ['/v1/{name}/', '/v1/john_doe/', [['name', 'john_doe']]],
  ['/', '/', []],
] as const) {
  test(`${template} and ${path}`, () => {
    const found = compileTemplate(template).match(path);
    assert.deepEqual(
      found?.map(([name, value]) => [name.join('.'), value]),
      expected,
    );
  });
}
