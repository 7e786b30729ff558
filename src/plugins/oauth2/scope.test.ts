import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_A_TEXT } from './parameters.ts';
import { grantScope, isStillGranted } from './scope.ts';

const RULES = { scopes: ['email', 'user.email'], mandatory_scope: false };
const MANDATORY = { ...RULES, mandatory_scope: true };
const said = (granted: ReturnType<typeof grantScope>) =>
  granted.ok ? granted.scope : granted.failure.error_description;

test('what is asked for must be offered', () => {
  assert.equal(said(grantScope('email', RULES)), 'email');
  assert.equal(said(grantScope('user.email  email ', RULES)), 'user.email email');
  assert.equal(said(grantScope('email wot', RULES)), '"wot" is an invalid scope');
  assert.equal(said(grantScope('EMAIL', RULES)), '"EMAIL" is an invalid scope');
  assert.equal(said(grantScope(NOT_A_TEXT, RULES)), 'scope must be a string');
});

test('nothing asked for is nothing granted, or an error', () => {
  assert.equal(said(grantScope(undefined, RULES)), undefined);
  assert.equal(said(grantScope(' ', RULES)), undefined);
  assert.equal(said(grantScope(undefined, MANDATORY)), 'You must specify a scope');
  assert.equal(said(grantScope(' ', MANDATORY)), 'You must specify a scope');
  assert.equal(said(grantScope('any', { scopes: null, mandatory_scope: false })), undefined);
});

test('a scope that is not offered any more is lost', () => {
  assert.equal(isStillGranted('email', RULES), true);
  assert.equal(isStillGranted(undefined, { scopes: null, mandatory_scope: false }), true);
  assert.equal(isStillGranted('email other', RULES), false);
  assert.equal(isStillGranted('email', { scopes: null, mandatory_scope: false }), false);
});
