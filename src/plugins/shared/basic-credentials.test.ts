import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import { afterScheme, decodeBase64, parseBasicCredentials } from './basic-credentials.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const parse = (header: string, scheme = 'basic'): [string, string] | undefined => {
  const found = parseBasicCredentials(header, scheme);
  return found === undefined ? undefined : [found.user, bytesToUtf8(found.password)];
};

test('the first colon ends the user; the password may be empty and have colons', () => {
  assert.deepEqual(parse(`Basic ${encoded('bob:kong')}`), ['bob', 'kong']);
  assert.deepEqual(parse(`Basic ${encoded('bob:a:b')}`), ['bob', 'a:b']);
  assert.deepEqual(parse(`Basic ${encoded('bob:')}`), ['bob', '']);
  assert.deepEqual(parse(`Basic ${encoded('bøb:pässwörd')}`), ['bøb', 'pässwörd']);
});

test('the scheme has any case and may be any word', () => {
  assert.deepEqual(parse(`bASIC   ${encoded('bob:kong')} `), ['bob', 'kong']);
  assert.deepEqual(parse(`ldap ${encoded('bob:kong')}`, 'LDAP'), ['bob', 'kong']);
  assert.equal(parse(`basically ${encoded('bob:kong')}`), undefined);
  assert.equal(parse(`x basic ${encoded('bob:kong')}`), undefined);
  assert.equal(parse(`basic${encoded('bob:kong')}`), undefined);
});

test('no user, no colon or no base64 is nothing', () => {
  for (const header of ['', 'basic', 'basic ', `basic ${encoded(':kong')}`, `basic ${encoded('bob')}`, 'basic a_b']) {
    assert.equal(parse(header), undefined, header);
  }
});

test('base64 is strict but for missing padding', () => {
  assert.equal(decodeBase64('Ym9iOmtvbmc=')?.toString(), 'bob:kong');
  assert.equal(decodeBase64('Ym9iOmtvbmc')?.toString(), 'bob:kong');
  for (const wrong of ['', '=', 'Y', 'Ym9iO', 'Ym9iOmtvbmc==', 'Ym9i-_', 'Ym 9i', 'Ym9i=Ym9i', 'Ym9i\n']) {
    assert.equal(decodeBase64(wrong), undefined, wrong);
  }
});

test('what follows a scheme', () => {
  assert.equal(afterScheme('Bearer  abc', 'bearer'), 'abc');
  assert.equal(afterScheme('Bearer\tabc', 'bearer'), 'abc');
  assert.equal(afterScheme('Bearer', 'bearer'), undefined);
});
