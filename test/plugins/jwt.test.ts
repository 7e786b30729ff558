import assert from 'node:assert/strict';
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';

const PEM = { type: 'spki', format: 'pem' } as const;
const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: generateKeyPairSync('ed25519'),
  ed448: generateKeyPairSync('ed448'),
};
const pem = (name: keyof typeof keys): string => keys[name].publicKey.export(PEM) as string;
const SECRET = 'secret-of-bob';

const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: JsonObject, header: JsonObject, key: string | KeyObject): string {
  const signed = `${part(header)}.${part(claims)}`;
  const alg = String(header['alg']);
  const hash = `sha${alg.slice(2)}`;
  const data = Buffer.from(signed);
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  let signature: Buffer;
  if (typeof key === 'string') signature = createHmac(hash, key).update(signed).digest();
  else if (alg === 'EdDSA') signature = sign(null, data, key);
  else if (alg.startsWith('ES')) signature = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  else signature = sign(hash, data, alg.startsWith('PS') ? { key, ...pss } : { key });
  return `${signed}.${signature.toString('base64url')}`;
}

const hs256 = (claims: JsonObject, header: JsonObject = {}): string =>
  token(claims, { alg: 'HS256', ...header }, SECRET);
const bearer = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } });

const CREDENTIALS: readonly JsonObject[] = [
  { consumer: 'bob', key: 'bob', secret: SECRET },
  { consumer: 'ann', key: 'ännä', secret: SECRET },
  { consumer: 'bob', key: 'rs', algorithm: 'RS256', rsa_public_key: pem('rsa') },
  { consumer: 'bob', key: 'es-garbage', algorithm: 'ES256', rsa_public_key: 'no key' },
  { consumer: 'bob', key: 'es-curve', algorithm: 'ES256', rsa_public_key: pem('p384') },
  { consumer: 'bob', key: 'es-none', algorithm: 'ES256' },
];

async function withJwt(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  credentials: readonly JsonObject[] = CREDENTIALS,
): Promise<void> {
  const running = await start({ plugins: [{ name: 'jwt', config }], entities: { jwt_secrets: credentials } });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

async function refused(running: Running, text: string, message: string): Promise<void> {
  const received = await running.send(bearer(text));
  assert.equal(received.status, 401, text);
  assert.deepEqual(JSON.parse(received.text), { message });
  assert.deepEqual(received.header('www-authenticate'), ['Bearer error="invalid_token"']);
}

const ALGORITHMS = {
  HS256: SECRET,
  HS384: SECRET,
  HS512: SECRET,
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'p256',
  ES384: 'p384',
  ES512: 'p521',
  EdDSA: 'ed25519',
} as const;

test('each algorithm: the right signature passes, a changed claim or signature does not', async () => {
  const credentials = Object.entries(ALGORITHMS).map(([algorithm, key]) => ({
    consumer: 'bob',
    key: algorithm,
    algorithm,
    ...(key === SECRET ? { secret: SECRET } : { rsa_public_key: pem(key) }),
  }));
  await withJwt(
    {},
    async (running) => {
      for (const [alg, name] of Object.entries(ALGORITHMS)) {
        const key = name === SECRET ? SECRET : keys[name].privateKey;
        const text = token({ iss: alg }, { alg }, key);
        assert.equal((await running.send(bearer(text))).status, 200, alg);
        assert.equal(running.echo.requests.at(-1)!.headers['x-credential-identifier'], alg);
        const [header, , signature] = text.split('.');
        await refused(running, `${header}.${part({ iss: alg, admin: true })}.${signature}`, 'Invalid signature');
        await refused(running, `${text.slice(0, text.lastIndexOf('.'))}.`, 'Invalid signature');
        await refused(running, `${text.slice(0, text.lastIndexOf('.'))}.AAAA`, 'Invalid signature');
      }
    },
    credentials,
  );
});

test('a token cannot choose how it is verified', async () => {
  await withJwt({}, async (running) => {
    const unsigned = `${part({ alg: 'none' })}.${part({ iss: 'bob' })}.`;
    await refused(running, unsigned, 'Bad token; invalid alg');
    await refused(running, unsigned.replace(part({ alg: 'none' }), part({ alg: 'nOnE' })), 'Bad token; invalid alg');
    // The public key of the credential, used as an HMAC secret.
    await refused(running, token({ iss: 'rs' }, { alg: 'HS256' }, pem('rsa')), 'Invalid algorithm');
    await refused(running, token({ iss: 'rs' }, { alg: 'RS512' }, keys.rsa.privateKey), 'Invalid algorithm');
    await refused(running, token({ iss: 'rs' }, { alg: 'PS256' }, keys.rsa.privateKey), 'Invalid algorithm');
    const own = token({ iss: 'bob' }, { alg: 'ES256', jwk: { kty: 'EC' } }, keys.p256.privateKey);
    await refused(running, own, 'Invalid algorithm');
  });
});

test('a credential without a usable key refuses, and says no more', async () => {
  await withJwt({}, async (running) => {
    for (const iss of ['es-garbage', 'es-curve', 'es-none']) {
      await refused(running, token({ iss }, { alg: 'ES256' }, keys.p256.privateKey), 'Invalid key/secret');
    }
  });
  await withJwt(
    { secret_is_base64: true },
    async (running) => {
      const raw = (iss: string) => token({ iss }, { alg: 'HS256' }, 'raw');
      assert.equal((await running.send(bearer(raw('good')))).status, 200);
      await refused(running, raw('bad'), 'Invalid key/secret');
    },
    [
      { consumer: 'bob', key: 'good', secret: Buffer.from('raw').toString('base64url') },
      { consumer: 'bob', key: 'bad', secret: 'a+/b' },
    ],
  );
});

test('the key claim: payload before header, a text, known', async () => {
  await withJwt({}, async (running) => {
    await refused(running, hs256({}), "No mandatory 'iss' in claims");
    await refused(running, hs256({ iss: null }), "No mandatory 'iss' in claims");
    await refused(running, hs256({ iss: '' }), "Invalid 'iss' in claims");
    await refused(running, hs256({ iss: 5 }), "Invalid 'iss' in claims");
    await refused(running, hs256({ iss: { id: 'bob' } }), "Invalid 'iss' in claims");
    await refused(running, hs256({ iss: 'zed' }), "No credentials found for given 'iss'");
    await refused(running, hs256({ iss: 'zed' }, { iss: 'bob' }), "No credentials found for given 'iss'");
    assert.equal((await running.send(bearer(hs256({}, { iss: 'bob' })))).status, 200);
    assert.equal((await running.send(bearer(hs256({ iss: 'ännä' })))).status, 200);
    const seen = running.echo.requests.at(-1)!.headers;
    assert.equal(seen['x-credential-identifier'], Buffer.from('ännä').toString('latin1'));
  });
  await withJwt({ key_claim_name: 'toString' }, async (running) => {
    await refused(running, hs256({ iss: 'bob' }), "No mandatory 'toString' in claims");
  });
});

test('tokens in query arguments, cookies and headers; different ones are too many', async () => {
  const good = hs256({ iss: 'bob' });
  const other = hs256({ iss: 'bob', n: 1 });
  const config = {
    uri_param_names: ['jwt', 't'],
    cookie_names: ['silly', 'crumble'],
    header_names: ['authorization', 'x-token'],
  };
  await withJwt(config, async ({ send }) => {
    const accepted = [
      { path: `/?jwt=${good}` },
      { path: `/?t=${good}&jwt=&jwt=${good}` },
      { headers: { Cookie: `silly=; crumble=${good}` } },
      { headers: { 'X-Token': `bearer   ${good}` } },
      { headers: { Authorization: [`Bearer ${good}`, `Bearer ${other}`] } },
      { path: `/?jwt=${good}`, headers: { Authorization: `Bearer ${good}`, Cookie: `silly=${good}` } },
      { path: `/?jwt=${good}`, headers: { Authorization: 'Basic Ym9iOmtvbmc=' } },
    ];
    for (const request of accepted) assert.equal((await send(request)).status, 200, JSON.stringify(request));
    const tooMany = [
      { path: `/?jwt=${good}&jwt=${other}` },
      { headers: { Cookie: `silly=${good}; silly=${other}` } },
      { path: `/?jwt=${good}`, headers: { 'X-Token': 'Bearer x' } },
    ];
    for (const request of tooMany) {
      const received = await send(request);
      assert.equal(received.status, 401);
      assert.equal(received.text, '{"message":"Multiple tokens provided"}');
    }
    for (const headers of [{ Authorization: good }, { Cookie: `other=${good}` }, { Authorization: 'Bearer ' }, {}]) {
      const received = await send({ headers: headers as Record<string, string> });
      assert.equal(received.text, '{"message":"Unauthorized"}');
      assert.deepEqual(received.header('www-authenticate'), ['Bearer']);
    }
  });
});

test('times are judged by the claims that are asked for', async () => {
  const now = Math.floor(Date.now() / 1000);
  await withJwt({ claims_to_verify: ['exp', 'nbf'], maximum_expiration: 300, realm: 'r' }, async ({ send }) => {
    const answer = async (claims: JsonObject) => {
      const received = await send(bearer(hs256({ iss: 'bob', ...claims })));
      if (received.status === 200) return 'ok';
      assert.deepEqual(received.header('www-authenticate'), ['Bearer realm="r", error="invalid_token"']);
      return JSON.parse(received.text) as JsonObject;
    };
    assert.equal(await answer({ exp: now + 270, nbf: now - 1 }), 'ok');
    assert.deepEqual(await answer({ exp: now - 1, nbf: now + 60 }), {
      exp: 'token expired',
      nbf: 'token not valid yet',
    });
    assert.deepEqual(await answer({ exp: String(now + 60) }), { exp: 'must be a number', nbf: 'must be a number' });
    assert.deepEqual(await answer({ exp: now + 3600, nbf: 0 }), { exp: 'exceeds maximum allowed expiration' });
  });
});

test('a changed credential counts with the next request', async () => {
  await withJwt({}, async ({ send, store }) => {
    const good = bearer(hs256({ iss: 'bob' }));
    assert.equal((await send(good)).status, 200);
    const entity = store.state.find('jwt_secrets', 'key', 'bob')!;
    await store.commit([{ action: 'update', kind: 'jwt_secrets', entity: { ...entity, secret: 'another' } }]);
    assert.equal((await send(good)).status, 401);
    await store.commit([{ action: 'update', kind: 'jwt_secrets', entity }]);
    assert.equal((await send(good)).status, 200);
  });
});

test('the token is there for templates and functions that come after it', async () => {
  const running = await start({
    plugins: [
      { name: 'jwt', config: {} },
      { name: 'request-transformer', config: { add: { headers: ['x-token:$(shared.authenticated_jwt_token)'] } } },
      {
        name: 'post-function',
        config: { access: ["kong.service.request.set_header('x-again', kong.ctx.shared.authenticated_jwt_token)"] },
      },
    ],
    entities: { jwt_secrets: CREDENTIALS },
  });
  const text = hs256({ iss: 'bob' });
  for (let i = 0; i < 2; i++) {
    const seen = JSON.parse((await running.send(bearer(text))).text) as { headers: Record<string, string> };
    assert.deepEqual([seen.headers['x-token'], seen.headers['x-again']], [text, text]);
  }
  await running.close();
});
