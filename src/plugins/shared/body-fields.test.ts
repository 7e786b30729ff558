import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DUPLICATE, hasFields, inQuery, readBodyFields, UNUSABLE } from './body-fields.ts';

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=B';
const part = (name: string, value: string): string =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const inBody = (type: string, body: string, name = 'apikey') => readBodyFields(type, Buffer.from(body))?.find(name);
const without = (type: string, body: string, name = 'apikey'): string | undefined => {
  const rest = readBodyFields(type, Buffer.from(body))?.without(name);
  return rest === undefined ? undefined : Buffer.from(rest as string).toString();
};

test('a query argument without a value is there but no text', () => {
  assert.equal(inQuery('a=1', 'apikey'), undefined);
  assert.equal(inQuery('apikey=k', 'apikey'), 'k');
  assert.equal(inQuery('apikey=', 'apikey'), '');
  assert.equal(inQuery('apikey', 'apikey'), UNUSABLE);
  assert.equal(inQuery('apikey=k&apikey=k', 'apikey'), DUPLICATE);
  assert.equal(inQuery('api%6B%65%79=k', 'apikey'), 'k');
  assert.equal(inQuery('APIKEY=k', 'apikey'), undefined);
});

test('forms: a plain field, no brackets', () => {
  assert.equal(inBody(FORM, 'apikey=kong&x=1'), 'kong');
  assert.equal(inBody(FORM, 'apikey=a&apikey=b'), DUPLICATE);
  assert.equal(inBody(FORM, 'apikey'), UNUSABLE);
  assert.equal(inBody(FORM, 'apikey[]=kong'), undefined);
  assert.equal(inBody(FORM, 'apikey[1]=kong'), undefined);
  assert.equal(readBodyFields(FORM, Buffer.from('a&'.repeat(1001))), undefined);
});

test('JSON: a text is a value, a list a duplicate, other types none', () => {
  assert.equal(inBody('application/json; charset=utf-8', '{"apikey":"kong"}'), 'kong');
  assert.equal(inBody('application/json', '{"apikey":["kong","kong"]}'), DUPLICATE);
  for (const value of ['1', 'true', 'null', '{}']) {
    assert.equal(inBody('application/json', `{"apikey":${value}}`), UNUSABLE, value);
  }
  assert.equal(inBody('application/json', '{"__proto__":{"apikey":"kong"}}'), undefined);
  assert.equal(readBodyFields('application/json', Buffer.from('["apikey"]')), undefined);
  assert.equal(readBodyFields('application/json', Buffer.from('{')), undefined);
});

test('multipart: a part of that name', () => {
  assert.equal(inBody(MULTIPART, `${part('x', '1')}${part('apikey', 'kong')}--B--`), 'kong');
  assert.equal(inBody(MULTIPART, `${part('apikey', 'kong').repeat(2)}--B--`), DUPLICATE);
  assert.equal(readBodyFields(MULTIPART, Buffer.from('apikey=kong')), undefined);
  assert.equal(readBodyFields('multipart/form-data', Buffer.from('x')), undefined);
});

test('other types of body have no fields', () => {
  for (const type of [undefined, '', 'text/plain', 'application/json-patch+json', 'constructor', '__proto__']) {
    assert.equal(hasFields(type), false, String(type));
  }
  assert.equal(hasFields('Application/JSON ; charset=utf-8'), true);
});

test('a field is taken out and the body keeps its format', () => {
  assert.equal(without(FORM, 'z=1&apikey=kong&a=2'), 'a=2&z=1');
  assert.equal(without('application/json', '{"z":[],"apikey":"kong","n":1}'), '{"z":[],"n":1}');
  assert.equal(without(MULTIPART, `${part('apikey', 'kong')}${part('x', '1')}--B--`), `${part('x', '1')}--B--\r\n`);
  for (const [type, body] of [
    [FORM, 'a=+1'],
    ['application/json', '{ "a": 1 }'],
    [MULTIPART, `${part('x', '1')}--B--`],
  ] as const) {
    assert.equal(without(type, body), undefined);
  }
});
