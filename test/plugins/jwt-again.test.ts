// Tokens that come again. What was accepted once is accepted faster, and never longer, elsewhere or otherwise than it would be
// without: each test has a token accepted first, then changes what it depends on.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin, type PluginDefinition } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { startAdmin } from '../admin/rig.ts';
import { type PluginInput, type Running, start } from './gateway-fixture.ts';

const SECRET = 'secret-of-bob';
const CREDENTIALS: readonly JsonObject[] = [
  { consumer: 'bob', key: 'bob', secret: SECRET },
  { consumer: 'ann', key: 'ann', secret: 'secret-of-ann' },
];

const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (): number => Math.floor(Date.now() / 1000);

function hmacToken(claims: JsonObject, secret: string | Buffer = SECRET, header: JsonObject = {}): string {
  const signed = `${part({ alg: 'HS256', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function rsaToken(claims: JsonObject, key: KeyObject): string {
  const signed = `${part({ alg: 'RS256' })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

interface Rig extends Running {
  /** Changes something over the Admin API. */
  change(method: string, path: string, body?: JsonObject): Promise<void>;
  /** Its status, and what is wrong with it. */
  answer(text: string, path?: string): Promise<readonly [number, JsonObject | undefined]>;
  /** It passes, and passes again. */
  accepted(text: string, path?: string): Promise<void>;
  refused(text: string, body: string | JsonObject, path?: string): Promise<void>;
}

async function withJwt(
  config: JsonObject,
  run: (rig: Rig) => Promise<void>,
  {
    credentials = CREDENTIALS,
    plugins = [{ name: 'jwt', config }],
    routes = { r: ['/'] },
    definitions = bundledPlugins,
  }: {
    credentials?: readonly JsonObject[];
    plugins?: readonly PluginInput[];
    routes?: Readonly<Record<string, string[]>>;
    definitions?: readonly PluginDefinition[];
  } = {},
): Promise<void> {
  const running = await start({ plugins, routes, definitions, entities: { jwt_secrets: credentials } });
  const admin = await startAdmin({ store: running.store });
  const answer: Rig['answer'] = async (text, path = '/') => {
    const received = await running.send({ path, headers: { Authorization: `Bearer ${text}` } });
    return [received.status, received.status === 200 ? undefined : (JSON.parse(received.text) as JsonObject)];
  };
  try {
    await run({
      ...running,
      answer,
      async change(method, path, body) {
        const response = await fetch(admin.url + path, {
          method,
          ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        });
        assert.ok(response.ok, await response.text());
      },
      async accepted(text, path) {
        for (let i = 0; i < 3; i++) assert.deepEqual(await answer(text, path), [200, undefined]);
      },
      async refused(text, body, path) {
        const wrong = typeof body === 'string' ? { message: body } : body;
        for (let i = 0; i < 2; i++) assert.deepEqual(await answer(text, path), [401, wrong]);
      },
    });
  } finally {
    await admin.close();
    await running.close();
  }
}

const jwtPlugin = ({ store }: Running): string => `/plugins/${store.state.list('plugins')[0]!.id}`;

test('it is refused from the second on at which it expires', async () => {
  await withJwt({ claims_to_verify: ['exp'] }, async ({ accepted, refused }) => {
    const exp = seconds() + 2;
    const text = hmacToken({ iss: 'bob', exp });
    await accepted(text);
    await sleep(exp * 1000 - Date.now() + 5);
    await refused(text, { exp: 'token expired' });
  });
});

test('it is refused when the secret of its credential changes, and only until it is the old one again', async () => {
  await withJwt({}, async ({ accepted, refused, change }) => {
    const text = hmacToken({ iss: 'bob' });
    await accepted(text);
    await change('PATCH', '/jwts/bob', { secret: 'another' });
    await refused(text, 'Invalid signature');
    await accepted(hmacToken({ iss: 'bob' }, 'another'));
    await refused(text, 'Invalid signature');
    await change('PATCH', '/jwts/bob', { secret: SECRET });
    await accepted(text);
  });
});

test('it is refused when the public key or the algorithm of its credential changes', async () => {
  const [one, other] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const pem = (pair: typeof one): string => pair!.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const credentials = [{ consumer: 'bob', key: 'bob', algorithm: 'RS256', rsa_public_key: pem(one), secret: SECRET }];
  await withJwt(
    {},
    async ({ accepted, refused, change }) => {
      const text = rsaToken({ iss: 'bob' }, one!.privateKey);
      await accepted(text);
      await change('PATCH', '/jwts/bob', { rsa_public_key: pem(other) });
      await refused(text, 'Invalid signature');
      await accepted(rsaToken({ iss: 'bob' }, other!.privateKey));
      await change('PATCH', '/jwts/bob', { rsa_public_key: pem(one), algorithm: 'RS512' });
      await refused(text, 'Invalid algorithm');
      await change('PATCH', '/jwts/bob', { algorithm: 'HS256' });
      await refused(text, 'Invalid algorithm');
      await refused(hmacToken({ iss: 'bob' }, pem(one)), 'Invalid signature');
      await accepted(hmacToken({ iss: 'bob' }));
    },
    { credentials },
  );
});

test('it is refused when its credential is deleted or belongs to nobody any more', async () => {
  await withJwt({}, async ({ accepted, refused, change, echo }) => {
    const text = hmacToken({ iss: 'bob' });
    await accepted(text);
    await change('DELETE', '/jwts/bob');
    await refused(text, "No credentials found for given 'iss'");
    // Another credential of that name: the same key has no memory of the old one, and another owner.
    await change('POST', '/consumers/ann/jwt', { key: 'bob', secret: 'another' });
    await refused(text, 'Invalid signature');
    await change('PATCH', '/jwts/bob', { secret: SECRET });
    await accepted(text);
    assert.equal(echo.requests.at(-1)!.headers['x-consumer-username'], 'ann');
    await change('DELETE', '/consumers/ann');
    await refused(text, "No credentials found for given 'iss'");
  });
});

test('the owner and his name are those of now', async () => {
  await withJwt({}, async ({ accepted, change, echo }) => {
    const text = hmacToken({ iss: 'bob' });
    await accepted(text);
    await change('PATCH', '/consumers/bob', { username: 'robert' });
    await accepted(text);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-consumer-username'], 'robert');
    assert.equal(seen['x-credential-identifier'], 'bob');
  });
});

test('its times are judged as the configuration asks now', async () => {
  await withJwt({}, async (rig) => {
    const { accepted, refused, change } = rig;
    const early = hmacToken({ iss: 'bob', nbf: seconds() + 600, exp: seconds() + 3600 });
    const odd = hmacToken({ iss: 'bob', exp: String(seconds() + 60) });
    await accepted(early);
    await accepted(odd);
    await change('PATCH', jwtPlugin(rig), { config: { claims_to_verify: ['nbf'] } });
    await refused(early, { nbf: 'token not valid yet' });
    await refused(odd, { nbf: 'must be a number' });
    await change('PATCH', jwtPlugin(rig), { config: { claims_to_verify: ['exp'] } });
    await accepted(early);
    await refused(odd, { exp: 'must be a number' });
    await change('PATCH', jwtPlugin(rig), { config: { maximum_expiration: 300 } });
    await refused(early, { exp: 'exceeds maximum allowed expiration' });
    await change('PATCH', jwtPlugin(rig), { config: { maximum_expiration: 7200 } });
    await accepted(early);
  });
});

test('the claim that names its credential is the one that the configuration names now', async () => {
  await withJwt({}, async (rig) => {
    const { accepted, refused, change } = rig;
    const text = hmacToken({ iss: 'bob', sub: 'ann' });
    await accepted(text);
    await change('PATCH', jwtPlugin(rig), { config: { key_claim_name: 'sub' } });
    await refused(text, 'Invalid signature');
    await change('PATCH', jwtPlugin(rig), { config: { key_claim_name: 'kid' } });
    await refused(text, "No mandatory 'kid' in claims");
  });
});

test('another signature for the same header and claims is none', async () => {
  await withJwt({}, async ({ accepted, refused }) => {
    const text = hmacToken({ iss: 'bob' });
    const dot = text.lastIndexOf('.');
    const signed = text.slice(0, dot);
    await accepted(text);
    await refused(`${signed}.${createHmac('sha256', 'guess').update(signed).digest('base64url')}`, 'Invalid signature');
    await refused(`${signed}.`, 'Invalid signature');
    await refused(text.slice(0, -4), 'Invalid signature');
    await refused(`${text}AAAA`, 'Invalid signature');
    const last = text.at(-5) === 'A' ? 'B' : 'A';
    await refused(`${text.slice(0, -5)}${last}${text.slice(-4)}`, 'Invalid signature');
    await refused(`${part({ alg: 'HS256' })}.${part({ iss: 'ann' })}.${text.slice(dot + 1)}`, 'Invalid signature');
    await refused(`${part({ alg: 'none' })}.${part({ iss: 'bob' })}.`, 'Bad token; invalid alg');
    await refused(`${part({ alg: 'HS512' })}.${part({ iss: 'bob' })}.${text.slice(dot + 1)}`, 'Invalid algorithm');
    // The same bytes, written another way.
    await accepted(`${text}=`);
  });
});

test('what one credential accepted, another one does not', async () => {
  await withJwt({}, async ({ accepted, refused }) => {
    await accepted(hmacToken({ iss: 'bob' }, SECRET));
    await accepted(hmacToken({ iss: 'ann' }, 'secret-of-ann'));
    await refused(hmacToken({ iss: 'ann' }, SECRET), 'Invalid signature');
    await refused(hmacToken({ iss: 'bob' }, 'secret-of-ann'), 'Invalid signature');
  });
});

test('what one instance accepted, another one accepts by its own configuration', async () => {
  const raw = Buffer.from('raw');
  const credentials = [{ consumer: 'bob', key: 'bob', secret: raw.toString('base64url') }];
  const plugins = [
    { name: 'jwt', route: 'plain', config: {} },
    { name: 'jwt', route: 'decoded', config: { secret_is_base64: true } },
    { name: 'jwt', route: 'strict', config: { claims_to_verify: ['exp'] } },
  ];
  const routes = { plain: ['/plain'], decoded: ['/decoded'], strict: ['/strict'] };
  await withJwt(
    {},
    async ({ accepted, refused }) => {
      const plain = hmacToken({ iss: 'bob' }, raw.toString('base64url'));
      const decoded = hmacToken({ iss: 'bob' }, raw);
      for (let round = 0; round < 2; round++) {
        await accepted(plain, '/plain');
        await accepted(decoded, '/decoded');
        await refused(plain, 'Invalid signature', '/decoded');
        await refused(decoded, 'Invalid signature', '/plain');
        await refused(plain, { exp: 'must be a number' }, '/strict');
      }
    },
    { credentials, plugins, routes },
  );
});

test('what another code remembers, such as an older version of the plugin, counts for nothing', async () => {
  const everything = { get: () => ({ claimName: 'iss', key: 'bob', algorithm: 'HS256' }), add: () => undefined };
  const older = definePlugin({
    name: 'older',
    priority: 1500,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({
      create(_config, { once }) {
        once('jwt', () => ({ keys: { of: () => ({ verifier: () => true }) }, tokens: everything }));
        return { access: () => undefined };
      },
    }),
  });
  await withJwt(
    {},
    async ({ accepted, refused, change }) => {
      await accepted('anything');
      await change('POST', '/plugins', { name: 'jwt' });
      await refused(hmacToken({ iss: 'bob' }, 'guess'), 'Invalid signature');
      await accepted(hmacToken({ iss: 'bob' }));
    },
    { plugins: [{ name: 'older' }], definitions: [...bundledPlugins, older] },
  );
});

test('a refused token is judged anew, and a long one is as good as a short one', async () => {
  await withJwt({}, async ({ accepted, refused, change }) => {
    const text = hmacToken({ iss: 'zed' }, 'secret-of-zed');
    await refused(text, "No credentials found for given 'iss'");
    await change('POST', '/consumers/bob/jwt', { key: 'zed', secret: 'secret-of-zed' });
    await accepted(text);
    const long = hmacToken({ iss: 'bob', more: 'x'.repeat(5000) });
    await accepted(long);
    await refused(`${long.slice(0, -4)}AAAA`, 'Invalid signature');
  });
});

test('without its credential it passes as the anonymous consumer', async () => {
  await withJwt({ anonymous: 'anonymous' }, async ({ accepted, change, echo }) => {
    const text = hmacToken({ iss: 'bob' });
    await accepted(text);
    assert.equal(echo.requests.at(-1)!.headers['x-consumer-username'], 'bob');
    await change('DELETE', '/jwts/bob');
    await accepted(text);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-consumer-username'], 'anonymous');
    assert.equal(seen['x-credential-identifier'], undefined);
  });
});
