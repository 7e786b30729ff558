import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_A_TEXT, type Parameter, type Parameters } from './parameters.ts';
import { checkVerifier, readChallenge } from './pkce.ts';

const given = (values: Record<string, Parameter>): Parameters => ({
  get: (name) => values[name],
  text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
});
// The example of RFC 7636, appendix B.
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const challenge = (values: Record<string, Parameter>, requirement: 'none' | 'lax' | 'strict', type: string) => {
  const read = readChallenge(given(values), requirement, type);
  return read.ok ? (read.challenge ?? 'none') : read.failure.error_description;
};

test('who must show a challenge', () => {
  for (const [requirement, type, isRequired] of [
    ['none', 'public', false],
    ['none', 'confidential', false],
    ['lax', 'public', true],
    ['lax', 'confidential', false],
    ['strict', 'public', true],
    ['strict', 'confidential', true],
  ] as const) {
    const expected = isRequired ? `code_challenge is required for ${type} clients` : 'none';
    assert.equal(challenge({}, requirement, type), expected);
    const values = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
    assert.equal(challenge(values, requirement, type), CHALLENGE);
  }
});

test('a challenge is kept as base64url; only S256 makes one', () => {
  const of = (code_challenge: Parameter, code_challenge_method: Parameter) =>
    challenge({ code_challenge, code_challenge_method }, 'none', 'public');
  assert.equal(of(`${CHALLENGE.replaceAll('-', '+')}=`, 's256'), CHALLENGE);
  assert.equal(of(undefined, 'S256'), 'code_challenge is required when code_method is present');
  assert.equal(of(NOT_A_TEXT, 'S256'), 'code_challenge is not a string');
  for (const method of [undefined, 'plain', 'S512', '', NOT_A_TEXT] as const) {
    assert.equal(of(CHALLENGE, method), 'code_challenge_method is not supported, must be S256');
  }
});

test('a very long challenge costs no more than its length', () => {
  const endless = `${'='.repeat(1_000_000)}x`;
  const startedAt = performance.now();
  assert.equal(challenge({ code_challenge: endless, code_challenge_method: 'S256' }, 'none', 'public'), endless);
  assert.ok(performance.now() - startedAt < 1000);
});

test('the verifier must be what was hashed', () => {
  const check = (code_verifier: Parameter, shown: string | undefined = CHALLENGE) =>
    checkVerifier(given({ code_verifier }), shown)?.error_description;
  assert.equal(check(VERIFIER), undefined);
  assert.equal(check(`${VERIFIER}x`), 'Invalid code');
  assert.equal(checkVerifier(given({ code_verifier: VERIFIER }), undefined)?.error, 'invalid_grant');
  assert.equal(check(undefined), 'code_verifier is required for PKCE authorization requests');
  assert.equal(check(NOT_A_TEXT), 'code_verifier is not a string');
  for (const length of [0, 42, 129]) {
    assert.equal(check('x'.repeat(length)), 'code_verifier must be between 43 and 128 characters');
  }
  assert.equal(check('x'.repeat(128)), 'Invalid code');
});
