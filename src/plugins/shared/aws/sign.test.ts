// Expected signatures are those of the examples that AWS publishes for Signature Version 4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signRequest } from './sign.ts';

const KEYS = {
  accessKey: 'AKIDEXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
  expiresAt: undefined,
};
const SCOPE = { region: 'us-east-1', service: 'service', now: Date.UTC(2015, 7, 30, 12, 36, 0) };

function signatureOf(method: string, url: string, headers: Record<string, string> = {}, body = ''): string {
  const { Authorization } = signRequest({ method, url, headers, body }, KEYS, SCOPE);
  return /Signature=([0-9a-f]{64})$/.exec(Authorization!)![1]!;
}

test('a plain GET', () => {
  assert.equal(
    signRequest({ method: 'GET', url: 'https://example.amazonaws.com/', headers: {}, body: '' }, KEYS, SCOPE)[
      'Authorization'
    ],
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
      'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  );
});

test('a POST without a body', () => {
  assert.equal(
    signatureOf('POST', 'https://example.amazonaws.com/'),
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  );
});

test('arguments in order', () => {
  assert.equal(
    signatureOf('GET', 'https://example.amazonaws.com/?Param2=value2&Param1=value1'),
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  );
});

test('a session token is a signed header', () => {
  const token = { ...KEYS, sessionToken: 'token' };
  const headers = signRequest({ method: 'GET', url: 'https://a.test/', headers: {}, body: '' }, token, SCOPE);
  assert.equal(headers['X-Amz-Security-Token'], 'token');
  assert.match(headers['Authorization']!, /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
});
