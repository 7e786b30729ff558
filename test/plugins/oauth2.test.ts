// oauth2 from a client's first request to its last: both endpoints and the proxied service, behind a trusted proxy that ends
// TLS.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startGateway } from '../../src/gateway/gateway.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import type { Entity } from '../../src/schema/define.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { type Received, type Running, type Sent, type SetUp, start } from './gateway-fixture.ts';

const PROVISION = 'provision123';
const HTTPS = { 'X-Forwarded-Proto': 'https' };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const REDIRECT = 'http://app.test/back';
const USER = { provision_key: PROVISION, authenticated_userid: 'jürgen' };

const CLIENTS: readonly JsonObject[] = [
  {
    consumer: 'bob',
    name: 'app',
    client_id: 'app',
    client_secret: 's3cret',
    redirect_uris: [REDIRECT, `${REDIRECT}?x=1`],
  },
  {
    consumer: 'ann',
    name: 'hashed',
    client_id: 'hashed',
    client_secret: 's3cret',
    hash_secret: true,
    redirect_uris: [REDIRECT],
  },
  { consumer: 'ann', name: 'public', client_id: 'public', client_type: 'public', redirect_uris: [REDIRECT] },
  { consumer: 'ann', name: 'bare', client_id: 'bare', client_secret: 's3cret' },
];
const APP = { client_id: 'app', client_secret: 's3cret' };

const ALL_GRANTS = {
  enable_authorization_code: true,
  enable_implicit_grant: true,
  enable_client_credentials: true,
  enable_password_grant: true,
};

async function withOAuth(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  more: Partial<SetUp> = {},
): Promise<void> {
  const base = {
    ...ALL_GRANTS,
    provision_key: PROVISION,
    scopes: ['email', 'profile'],
    accept_http_if_already_terminated: true,
  };
  const running = await start({
    plugins: [{ name: 'oauth2', service: true, config: { ...base, ...config } }],
    entities: { oauth2_credentials: CLIENTS },
    trustedIps: ['127.0.0.1'],
    ...more,
  });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

const post = (path: string, values: Record<string, string>, headers: Sent['headers'] = {}): Sent => ({
  method: 'POST',
  path,
  headers: { ...HTTPS, ...FORM, ...headers },
  body: new URLSearchParams(values).toString(),
});
const json = (received: Received): Record<string, string> => JSON.parse(received.text) as Record<string, string>;

/** The answer of the authorization endpoint, and what it put into the address. */
async function authorize({ send }: Running, values: Record<string, string>) {
  const received = await send(post('/oauth2/authorize', { ...USER, response_type: 'code', ...values }));
  const { redirect_uri = '' } = json(received);
  const [, query = ''] = redirect_uri.split(/[?#]/);
  return { received, redirect_uri, told: Object.fromEntries(new URLSearchParams(query)) };
}

const askToken = ({ send }: Running, values: Record<string, string>, headers?: Sent['headers']) =>
  send(post('/oauth2/token', values, headers));

async function passwordToken(running: Running, values: Record<string, string> = {}): Promise<Record<string, string>> {
  const received = await askToken(running, { ...APP, ...USER, grant_type: 'password', ...values });
  assert.equal(received.status, 200, received.text);
  return json(received);
}

const statusWith = async ({ send }: Running, token: string, path = '/get'): Promise<number> =>
  (await send({ path, headers: { Authorization: `Bearer ${token}` } })).status;

async function change({ store }: Running, kind: string, entity: Entity, values: JsonObject): Promise<void> {
  const committed = await store.commit([{ action: 'update', kind, entity: { ...entity, ...values } }]);
  assert.ok(committed.ok);
}
const pluginOf = ({ store }: Running): Entity =>
  store.state.list('plugins').find((plugin) => plugin['name'] === 'oauth2')!;
const reconfigure = (running: Running, values: JsonObject) =>
  change(running, 'plugins', pluginOf(running), {
    config: { ...(pluginOf(running)['config'] as JsonObject), ...values },
  });

/** A second service with a route `/other` before the same upstream. */
async function addService({ store }: Running): Promise<void> {
  const service = store.state.list('services')[0]!;
  const route = store.state.list('routes')[0]!;
  const id = 'b0000000-0000-4000-8000-000000000002';
  const plugin = store.state.list('plugins').find(({ name }) => name === 'oauth2')!;
  const committed = await store.commit([
    { action: 'create', kind: 'services', entity: { ...service, id, name: 'other' } },
    {
      action: 'create',
      kind: 'routes',
      entity: {
        ...route,
        id: 'd0000000-0000-4000-8000-000000000002',
        name: 'other',
        paths: ['/other'],
        service: { id },
      },
    },
    {
      action: 'create',
      kind: 'plugins',
      entity: {
        ...plugin,
        id: 'e0000000-0000-4000-8000-000000000002',
        service: { id },
        config: { ...(plugin['config'] as JsonObject), provision_key: 'another' },
      },
    },
  ]);
  assert.ok(committed.ok);
}

test('a public client, from the consent of a user to the last refresh', async () => {
  await withOAuth({}, async (running) => {
    const { send, echo } = running;
    const code_verifier = randomBytes(32).toString('base64url');
    const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
    const consent = await authorize(running, {
      client_id: 'public',
      scope: 'email profile',
      state: 'a&b c',
      code_challenge,
      code_challenge_method: 'S256',
    });
    assert.equal(consent.received.status, 200);
    assert.match(consent.redirect_uri, /^http:\/\/app\.test\/back\?code=\w{32}&state=a%26b%20c$/);
    assert.deepEqual(consent.received.header('cache-control'), ['no-store']);
    assert.deepEqual(consent.received.header('pragma'), ['no-cache']);

    const exchange = { client_id: 'public', grant_type: 'authorization_code', code: consent.told['code']!, state: 's' };
    const noProof = await askToken(running, exchange);
    assert.equal(json(noProof)['error_description'], 'code_verifier is required for PKCE authorization requests');
    const wrong = await askToken(running, { ...exchange, code_verifier: code_verifier.replace(/.$/, '~') });
    assert.deepEqual(json(wrong), { error: 'invalid_grant', error_description: 'Invalid code', state: 's' });
    const received = await askToken(running, { ...exchange, code_verifier });
    assert.equal(received.status, 200);
    const { access_token, refresh_token, ...rest } = json(received);
    assert.deepEqual(rest, { token_type: 'bearer', expires_in: 7200, state: 's' });
    assert.match(access_token!, /^\w{32}$/);

    assert.equal(await statusWith(running, access_token!), 200);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-consumer-username'], 'ann');
    assert.equal(seen['x-credential-identifier'], 'public');
    assert.equal(seen['x-authenticated-scope'], 'email profile');
    assert.equal(seen['x-authenticated-userid'], Buffer.from('jürgen').toString('latin1'));

    const refresh = { client_id: 'public', grant_type: 'refresh_token', refresh_token: refresh_token! };
    const next = json(await askToken(running, refresh));
    assert.equal(await statusWith(running, next['access_token']!), 200);
    assert.equal(await statusWith(running, access_token!), 401);
    assert.equal(json(await askToken(running, refresh))['error_description'], 'Invalid refresh_token');
    const again = await send(post('/oauth2/token', { ...exchange, code_verifier }));
    assert.equal(json(again)['error_description'], 'Invalid code');
  });
});

test('a code is good once, for its client, for five minutes', async () => {
  await withOAuth({}, async (running) => {
    const codeFor = async (client_id: string) => (await authorize(running, { client_id })).told['code']!;
    const exchange = { grant_type: 'authorization_code', ...APP };
    const code = await codeFor('app');
    const attempts = await Promise.all([1, 2, 3, 4].map(() => askToken(running, { ...exchange, code })));
    assert.deepEqual(attempts.map(({ status }) => status).sort(), [200, 400, 400, 400]);
    assert.equal(running.store.state.count('oauth2_tokens'), 1);

    for (const wrong of [await codeFor('hashed'), 'x'.repeat(32), '', code]) {
      const received = await askToken(running, { ...exchange, code: wrong });
      assert.equal(received.status, 400);
      assert.deepEqual(json(received), { error: 'invalid_request', error_description: 'Invalid code' });
    }
    const late = await codeFor('app');
    const row = running.store.state.find('oauth2_authorization_codes', 'code', late)!;
    assert.ok(Math.abs(Number(row['ttl']) - Date.now() / 1000 - 300) < 3);
    await change(running, 'oauth2_authorization_codes', row, { ttl: Math.floor(Date.now() / 1000) - 1 });
    assert.equal((await askToken(running, { ...exchange, code: late })).status, 400);
  });
});

test('the client proves who it is, in parameters or with Basic', async () => {
  await withOAuth({}, async (running) => {
    const grant = { grant_type: 'client_credentials' };
    const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    for (const client_id of ['app', 'hashed', 'bare']) {
      const accepted = [
        await askToken(running, { ...grant, client_id, client_secret: 's3cret' }),
        await askToken(running, grant, basic(`${client_id}:s3cret`)),
      ];
      for (const received of accepted) {
        assert.equal(received.status, 200, received.text);
        assert.equal(json(received)['refresh_token'], undefined);
      }
    }
    const stored = String(running.store.state.find('oauth2_credentials', 'client_id', 'hashed')!['client_secret']);
    for (const values of [
      { client_id: 'app', client_secret: 'wrong' },
      { client_id: 'app', client_secret: '' },
      { client_id: 'app' },
      { client_id: '', client_secret: '' },
      { client_id: 'zed', client_secret: 's3cret' },
      { client_id: 'hashed', client_secret: 'wrong' },
      { client_id: 'hashed', client_secret: stored },
      {},
    ]) {
      const received = await askToken(running, { ...grant, ...values });
      assert.equal(received.status, 400, JSON.stringify(values));
      assert.deepEqual(json(received), { error: 'invalid_client', error_description: 'Invalid client authentication' });
    }
    for (const text of ['app:wrong', 'zed:s3cret', `hashed:${stored}`, 'app:']) {
      const received = await askToken(running, grant, basic(text));
      assert.equal(received.status, 401, text);
      assert.deepEqual(received.header('www-authenticate'), ['Basic realm="OAuth2.0"']);
    }
    const secretive = await askToken(running, {
      ...USER,
      grant_type: 'password',
      client_id: 'public',
      client_secret: 'x',
    });
    assert.equal(json(secretive)['error_description'], 'client_secret is disallowed for public clients');
    // Without a registered address a client can only speak for itself.
    const bare = { client_id: 'bare', client_secret: 's3cret' };
    assert.equal(
      json(await askToken(running, { ...USER, ...bare, grant_type: 'password' }))['error'],
      'invalid_client',
    );
  });
});

test('client credentials: a name alone buys nothing, a user needs the provision key', async () => {
  await withOAuth({ mandatory_scope: true }, async (running) => {
    const ask = async (values: Record<string, string>) =>
      json(await askToken(running, { grant_type: 'client_credentials', ...APP, scope: 'email', ...values }));
    assert.equal((await ask({ client_id: 'public', client_secret: '' }))['error'], 'unauthorized_client');
    assert.equal((await ask({ authenticated_userid: 'u' }))['error'], 'invalid_provision_key');
    assert.equal((await ask({ authenticated_userid: 'u', provision_key: 'x' }))['error'], 'invalid_provision_key');
    assert.equal((await ask({ scope: 'root' }))['error_description'], '"root" is an invalid scope');
    const { access_token } = await ask({ authenticated_userid: 'u', provision_key: PROVISION });
    assert.equal(await statusWith(running, access_token!), 200);
    assert.equal(running.echo.requests.at(-1)!.headers['x-authenticated-userid'], 'u');
  });
});

test('the password grant is for the trusted application', async () => {
  await withOAuth({}, async (running) => {
    const ask = async (values: Record<string, string>) =>
      json(await askToken(running, { grant_type: 'password', ...APP, ...values }))['error'];
    assert.equal(await ask({}), 'invalid_provision_key');
    assert.equal(await ask({ provision_key: '' }), 'invalid_provision_key');
    assert.equal(await ask({ provision_key: PROVISION }), 'invalid_authenticated_userid');
    assert.equal(await ask({ provision_key: PROVISION, authenticated_userid: ' ' }), 'invalid_authenticated_userid');
    assert.equal(
      await ask({ provision_key: PROVISION, authenticated_userid: 'u\r\nx: y' }),
      'invalid_authenticated_userid',
    );
    assert.equal(await ask({ ...USER, redirect_uri: 'http://evil.test/' }), 'invalid_request');
    assert.equal(await ask(USER), undefined);
  });
});

test('grants that are off are not offered', async () => {
  const off = { enable_implicit_grant: false, enable_client_credentials: false, enable_password_grant: false };
  await withOAuth(off, async (running) => {
    for (const grant_type of ['client_credentials', 'password', 'toString', '__proto__', '']) {
      const received = await askToken(running, { ...APP, ...USER, grant_type });
      assert.deepEqual(json(received), { error: 'unsupported_grant_type', error_description: 'Invalid grant_type' });
    }
    assert.equal(
      (await authorize(running, { client_id: 'app', response_type: 'token' })).told['error'],
      'unsupported_response_type',
    );
  });
});

test('the implicit grant tells the token in the fragment, and nothing to refresh it with', async () => {
  await withOAuth({}, async (running) => {
    const uri = `${REDIRECT}?x=1`;
    const values = { client_id: 'app', response_type: 'token', redirect_uri: uri, state: 's' };
    const { redirect_uri } = await authorize(running, values);
    const [before, fragment] = redirect_uri.split('#');
    assert.equal(before, uri);
    const told = Object.fromEntries(new URLSearchParams(fragment));
    assert.deepEqual(Object.keys(told), ['access_token', 'expires_in', 'state', 'token_type']);
    assert.equal(await statusWith(running, told['access_token']!), 200);
    const code = await authorize(running, { client_id: 'app', redirect_uri: uri });
    assert.match(code.redirect_uri, /^http:\/\/app\.test\/back\?code=\w{32}&x=1$/);
    const wrong = await authorize(running, { client_id: 'app', redirect_uri: 'http://evil.test/', state: 's' });
    assert.equal(wrong.received.status, 400);
    assert.match(
      wrong.redirect_uri,
      /^http:\/\/app\.test\/back\?error=invalid_request&error_description=[^&]+&state=s$/,
    );
  });
});

test('only the trusted application gets anything out of the authorization endpoint', async () => {
  await withOAuth({}, async (running) => {
    for (const values of [
      { provision_key: 'x' },
      { provision_key: '' },
      { provision_key: PROVISION, authenticated_userid: '' },
    ]) {
      const { received, redirect_uri } = await authorize(running, { client_id: 'app', state: 's', ...values });
      assert.equal(received.status, 400);
      assert.equal(redirect_uri, '');
      assert.equal(json(received)['state'], 's');
    }
    const unknown = await authorize(running, { client_id: 'zed' });
    assert.deepEqual(json(unknown.received), {
      error: 'invalid_client',
      error_description: 'Invalid client authentication',
    });
    assert.equal(running.store.state.count('oauth2_authorization_codes'), 0);
  });
});

test('a token in a header, the query or the body', async () => {
  await withOAuth({}, async (running) => {
    const { access_token: token = '' } = await passwordToken(running);
    const part = `--B\r\nContent-Disposition: form-data; name="access_token"\r\n\r\n${token}\r\n--B--`;
    const accepted: Sent[] = [
      { headers: { Authorization: `bearer ${token}` } },
      { headers: { Authorization: `TOKEN   ${token}` } },
      { headers: { Authorization: token } },
      { path: `/get?access_token=${token}` },
      { method: 'POST', headers: FORM, body: `a=1&access_token=${token}` },
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ access_token: token }),
      },
      { method: 'POST', headers: { 'Content-Type': 'multipart/form-data; boundary=B' }, body: part },
      { headers: { Authorization: [`Bearer ${token}`, 'Bearer x'] } },
      // The body wins over the query, as at the endpoints.
      { method: 'POST', path: '/get?access_token=x', headers: FORM, body: `access_token=${token}` },
    ];
    for (const request of accepted) assert.equal((await running.send(request)).status, 200, JSON.stringify(request));

    const missing: Sent[] = [
      {},
      { path: '/get?access_token' },
      { path: '/get?access_token=' },
      { path: `/get?access_token=${token}&access_token=${token}` },
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"access_token":1}' },
      { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: `access_token=${token}` },
    ];
    for (const request of missing) {
      const received = await running.send(request);
      assert.equal(received.status, 401, JSON.stringify(request));
      assert.equal(received.text, '{"error":"invalid_request","error_description":"The access token is missing"}');
      assert.deepEqual(received.header('www-authenticate'), ['Bearer']);
    }
    for (const Authorization of [`Bearer ${token} x`, `Basic ${token}`, 'Bearer x', `Bearer ${token.toLowerCase()}x`]) {
      assert.equal(json(await running.send({ headers: { Authorization } }))['error'], 'invalid_token', Authorization);
    }
  });
});

test('hide_credentials takes the token out of where it was', async () => {
  await withOAuth({ hide_credentials: true, auth_header_name: 'x-token' }, async (running) => {
    const { access_token: token = '' } = await passwordToken(running);
    const { send, echo } = running;
    await send({ headers: { 'X-Token': `Bearer ${token}`, Authorization: 'mine' } });
    assert.equal(echo.requests.at(-1)!.headers['x-token'], undefined);
    assert.equal(echo.requests.at(-1)!.headers['authorization'], 'mine');
    await send({ path: `/get?b=1&access_token=${token}&a=2&b=0` });
    assert.equal(echo.requests.at(-1)!.uri, '/get?a=2&b=1&b=0');
    await send({ method: 'POST', headers: FORM, body: `b=1&access_token=${token}` });
    assert.equal(echo.requests.at(-1)!.body, 'b=1');
    assert.equal(echo.requests.length, 3);
  });
});

test('tokens end; those that do not have no refresh token', async () => {
  await withOAuth({ token_expiration: 60, realm: 'r' }, async (running) => {
    const { access_token = '', refresh_token } = await passwordToken(running);
    const row = running.store.state.find('oauth2_tokens', 'access_token', access_token)!;
    const createdAt = Number(row['created_at']);
    await change(running, 'oauth2_tokens', row, { created_at: createdAt - 50 });
    assert.equal(await statusWith(running, access_token), 200);
    await change(running, 'oauth2_tokens', row, { created_at: createdAt - 60 });
    const received = await running.send({ headers: { Authorization: `Bearer ${access_token}` } });
    assert.equal(received.status, 401);
    const description = 'The access token is invalid or has expired';
    assert.deepEqual(received.header('www-authenticate'), [
      `Bearer realm="r", error="invalid_token", error_description="${description}"`,
    ]);
    assert.deepEqual(json(received), { error: 'invalid_token', error_description: description });
    const next = json(await askToken(running, { ...APP, grant_type: 'refresh_token', refresh_token: refresh_token! }));
    assert.equal(await statusWith(running, next['access_token']!), 200);
  });
  await withOAuth({ token_expiration: 0 }, async (running) => {
    const { access_token, ...rest } = await passwordToken(running);
    assert.deepEqual(rest, { token_type: 'bearer' });
    assert.equal(await statusWith(running, access_token!), 200);
    assert.equal(running.store.state.list('oauth2_tokens')[0]!['ttl'] ?? null, null);
  });
});

test('refreshing: the row ends with refresh_token_ttl, and may stay the same row', async () => {
  await withOAuth({ reuse_refresh_token: true, refresh_token_ttl: 100 }, async (running) => {
    const first = await passwordToken(running, { scope: 'email' });
    const [row] = running.store.state.list('oauth2_tokens');
    assert.ok(Math.abs(Number(row!['ttl']) - Date.now() / 1000 - 100) < 3);
    const refresh = { ...APP, grant_type: 'refresh_token', refresh_token: first['refresh_token']! };
    const second = json(await askToken(running, refresh));
    assert.equal(second['refresh_token'], first['refresh_token']);
    assert.notEqual(second['access_token'], first['access_token']);
    assert.equal(running.store.state.list('oauth2_tokens')[0]!.id, row!.id);
    assert.equal(await statusWith(running, first['access_token']!), 401);
    assert.equal(await statusWith(running, second['access_token']!), 200);

    const stranger = { ...refresh, client_id: 'hashed', client_secret: 's3cret' };
    assert.equal(json(await askToken(running, stranger))['error'], 'invalid_client');
    await reconfigure(running, { scopes: ['profile'] });
    assert.deepEqual(json(await askToken(running, refresh)), {
      error: 'invalid_scope',
      error_description: 'Scope mismatch',
    });
  });
});

test('a refresh token buys one token, however many ask at once', async () => {
  await withOAuth({}, async (running) => {
    const { refresh_token = '' } = await passwordToken(running);
    const refresh = { ...APP, grant_type: 'refresh_token', refresh_token };
    const received = await Promise.all([1, 2, 3, 4].map(() => askToken(running, refresh)));
    assert.deepEqual(received.map(({ status }) => status).sort(), [200, 400, 400, 400]);
    assert.equal(running.store.state.count('oauth2_tokens'), 1);
  });
});

test('a token is good for its service; a global one for all whose plugin takes them', async () => {
  const routes = { r: ['/'] };
  await withOAuth(
    {},
    async (running) => {
      await addService(running);
      const { access_token = '', refresh_token = '' } = await passwordToken(running);
      assert.equal(await statusWith(running, access_token), 200);
      assert.equal(await statusWith(running, access_token, '/other'), 401);
      const refresh = post('/other/oauth2/token', { ...APP, grant_type: 'refresh_token', refresh_token });
      assert.equal(json(await running.send(refresh))['error_description'], 'Invalid refresh_token');
      const { code = '' } = (await authorize(running, { client_id: 'app' })).told;
      const exchange = post('/other/oauth2/token', { ...APP, grant_type: 'authorization_code', code });
      assert.equal(json(await running.send(exchange))['error_description'], 'Invalid code');
    },
    { routes },
  );
  await withOAuth(
    { global_credentials: true, anonymous: 'anonymous' },
    async (running) => {
      await addService(running);
      const { access_token = '' } = await passwordToken(running);
      assert.equal(await statusWith(running, access_token, '/other'), 200);
      assert.equal(running.echo.requests.at(-1)!.headers['x-consumer-username'], 'bob');
      const { code = '' } = (await authorize(running, { client_id: 'app' })).told;
      const exchange = post('/other/oauth2/token', { ...APP, grant_type: 'authorization_code', code });
      assert.equal(json(await running.send(exchange))['error_description'], 'Invalid code');

      const first = running.store.state.list('plugins').find(({ id }) => !id.startsWith('e0000000'))!;
      await change(running, 'plugins', first, {
        config: { ...(first['config'] as JsonObject), global_credentials: false },
      });
      const received = await running.send({ headers: { Authorization: `Bearer ${access_token}` } });
      assert.equal(received.status, 401);
      assert.match(json(received)['error_description']!, /^The access token is global, but/);
      assert.equal(await statusWith(running, 'unknown'), 200);
      assert.equal(running.echo.requests.at(-1)!.headers['x-consumer-username'], 'anonymous');
    },
    { routes },
  );
});

test('the endpoints want TLS: our own, or that of a trusted proxy', async () => {
  const request = (headers: Sent['headers']) =>
    post('/oauth2/token', { ...APP, grant_type: 'client_credentials' }, headers);
  await withOAuth({}, async ({ send }) => {
    assert.equal((await send(request({ 'X-Forwarded-Proto': 'HTTPS' }))).status, 200);
    const plain = await send(request({ 'X-Forwarded-Proto': 'http' }));
    assert.equal(plain.status, 400);
    assert.deepEqual(json(plain), { error: 'access_denied', error_description: 'You must use HTTPS' });
    const several = await send(request({ 'X-Forwarded-Proto': ['https', 'http'] }));
    assert.equal(json(several)['error_description'], 'Only one X-Forwarded-Proto header allowed');
  });
  await withOAuth({ accept_http_if_already_terminated: false }, async ({ send }) => {
    assert.equal(json(await send(request(HTTPS)))['error'], 'access_denied');
  });
  await withOAuth(
    {},
    async ({ send }) => assert.equal(json(await send(request(HTTPS)))['error_description'], 'You must use HTTPS'),
    { trustedIps: [] },
  );
});

test('the endpoints take POST only, with or without a slash at the end', async () => {
  await withOAuth({ realm: 'r' }, async ({ send, echo }) => {
    for (const [path, name] of [
      ['/oauth2/token', 'token'],
      ['/deep/below/oauth2/token/', 'token'],
      ['/oauth2/authorize', 'authorization'],
      ['/x/../oauth2/authorize/?a=1', 'authorization'],
    ] as const) {
      const received = await send({ path, headers: HTTPS });
      const description = `The HTTP method GET is invalid for the ${name} endpoint`;
      assert.equal(received.status, 405);
      assert.deepEqual(json(received), { error: 'invalid_method', error_description: description });
      assert.deepEqual(received.header('www-authenticate'), [
        `Bearer realm="r", error="invalid_method", error_description="${description}"`,
      ]);
      assert.equal((await send(post(path, {}))).status, 400);
    }
    assert.equal((await send({ path: '/oauth2/tokens' })).status, 401);
    assert.equal(echo.requests.length, 0);
  });
});

test('when another plugin knows the caller, nothing is said of scopes', async () => {
  const config = { ...ALL_GRANTS, provision_key: PROVISION, anonymous: 'anonymous' };
  await withOAuth(
    {},
    async ({ send, echo }) => {
      const claims = { 'X-Authenticated-Scope': 'root', 'X-Authenticated-UserId': 'root' };
      for (const headers of [{ ...claims, apikey: 'kong' }, claims]) {
        assert.equal((await send({ headers })).status, 200);
        const seen = echo.requests.at(-1)!.headers;
        assert.equal(seen['x-authenticated-scope'], undefined);
        assert.equal(seen['x-authenticated-userid'], undefined);
      }
    },
    {
      plugins: [
        { name: 'oauth2', config },
        { name: 'key-auth', config: { anonymous: 'anonymous' } },
      ],
      keys: { kong: 'bob' },
    },
  );
});

test('tokens go with their client', async () => {
  await withOAuth({}, async (running) => {
    const { access_token = '' } = await passwordToken(running);
    const { id } = running.store.state.find('oauth2_credentials', 'client_id', 'app')!;
    await running.store.commit([{ action: 'delete', kind: 'oauth2_credentials', id }]);
    assert.equal(await statusWith(running, access_token), 401);
  });
});

test('without a database tokens of the file are good, but none can be had', async () => {
  let token = '';
  await withOAuth({}, async (running) => {
    token = (await passwordToken(running))['access_token']!;
    const lines: string[] = [];
    const gateway = await startGateway({
      store: new DeclarativeStore(running.store.state),
      plugins: bundledPlugins,
      listen: [{ host: '127.0.0.1', port: 0 }],
      trust: { trustedIps: ['127.0.0.1'], realIpHeader: 'X-Real-IP', realIpRecursive: false },
      events: { access: undefined, log: (level, message) => lines.push(`${level} ${message}`) },
    });
    const url = `http://127.0.0.1:${gateway.addresses[0]!.port}`;
    try {
      assert.equal((await fetch(`${url}/get?access_token=${token}`)).status, 200);
      const asked = await fetch(`${url}/oauth2/token`, {
        method: 'POST',
        headers: HTTPS,
        body: new URLSearchParams({ ...APP, grant_type: 'client_credentials' }),
      });
      assert.equal(asked.status, 500);
      assert.deepEqual(Object.keys((await asked.json()) as object), ['message', 'request_id']);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, /oauth2/);
    } finally {
      await gateway.close(0);
    }
  });
});
