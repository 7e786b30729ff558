// Credentials that nobody would send in good faith: every authentication plugin refuses them, none breaks. Callers pass as
// the anonymous consumer, so a status other than 200 or a line in the log is a defect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Running, type Sent, start } from './gateway-fixture.ts';

const ANYONE = { anonymous: 'anonymous' };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const startAll = (): Promise<Running> =>
  start({
    plugins: [
      { name: 'jwt', config: { ...ANYONE, cookie_names: ['token'], claims_to_verify: ['exp', 'nbf'] } },
      { name: 'oauth2', config: { ...ANYONE, enable_password_grant: true } },
      { name: 'key-auth', config: { ...ANYONE, key_in_body: true } },
      { name: 'basic-auth', config: ANYONE },
      { name: 'hmac-auth', config: { ...ANYONE, validate_request_body: true } },
      { name: 'session', config: { secret: 'secret' } },
      { name: 'acl', config: { deny: ['nobody'] } },
    ],
    entities: {
      basicauth_credentials: [{ consumer: 'bob', username: 'bob', password: 'not to be guessed' }],
      hmacauth_credentials: [{ consumer: 'bob', username: 'bob', secret: 'not to be guessed' }],
      jwt_secrets: [{ consumer: 'bob', key: 'bob', secret: 'not to be guessed' }],
    },
  });

/** Text of bytes that may stand in a header. */
const headerText = fc
  .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff })), { maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes).trim());
const base64 = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const base64url = fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text).toString('base64url'));
const quoted = headerText.map((text) => `"${text.replaceAll('"', '')}"`);

const credentials = fc.oneof(
  headerText,
  fc
    .tuple(fc.constantFrom('Basic', 'Bearer', 'hmac', 'LDAP', 'token', 'basic '), headerText)
    .map((parts) => parts.join(' ')),
  base64.map((text) => `Basic ${text}`),
  headerText.map((text) => `Basic ${Buffer.from(`bob:${text}`).toString('base64')}`),
  fc.array(base64url, { minLength: 1, maxLength: 5 }).map((parts) => `Bearer ${parts.join('.')}`),
  fc
    .tuple(fc.constantFrom('HS256', 'RS256', 'ES512', 'EdDSA', 'none'), fc.json({ maxDepth: 2 }), base64)
    .map(([alg, claims, signature]) => {
      const part = (text: string) => Buffer.from(text).toString('base64url');
      return `Bearer ${part(`{"alg":"${alg}","iss":"bob"}`)}.${part(claims)}.${signature}`;
    }),
  fc
    .tuple(fc.constantFrom('"bob"', '"zed"', '""'), quoted, quoted, quoted)
    .map(([user, algorithm, names, signature]) => {
      return `hmac username=${user}, algorithm=${algorithm}, headers=${names}, signature=${signature}`;
    }),
  base64.map(
    (text) => `hmac username="bob", algorithm="hmac-sha256", headers="date request-line x", signature="${text}"`,
  ),
);

const requests = fc.record({
  Authorization: fc.option(credentials, { nil: undefined }),
  'Proxy-Authorization': fc.option(credentials, { nil: undefined }),
  Cookie: fc.option(
    fc.tuple(fc.constantFrom('token', 'session', 'session=2~'), headerText).map((pair) => pair.join('=')),
    { nil: undefined },
  ),
  Date: fc.constantFrom(new Date().toUTCString(), 'x', '0'),
  body: fc.option(headerText, { nil: undefined }),
});

test('made-up credentials are refused, and break nothing', async () => {
  const running = await startAll();
  try {
    await fc.assert(
      fc.asyncProperty(requests, async ({ body, ...values }) => {
        const headers = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
        const sent: Sent = { headers: { ...headers, ...(body === undefined ? {} : FORM) } as Record<string, string> };
        const received = await running.send(body === undefined ? sent : { ...sent, method: 'POST', body });
        assert.equal(received.status, 200, received.text);
        assert.equal(running.echo.requests.at(-1)!.headers['x-anonymous-consumer'], 'true');
      }),
      { numRuns: 400 },
    );
    assert.deepEqual(
      running.logs.filter((line) => line.startsWith('error')),
      [],
    );
  } finally {
    await running.close();
  }
});
