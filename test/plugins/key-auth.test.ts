import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, type SetUp, start } from './gateway-fixture.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'Content-Type': 'application/json' };
const MULTIPART = { 'Content-Type': 'multipart/form-data; boundary=B' };
const part = (name: string, value: string): string =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

async function withKeyAuth(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  more: Partial<SetUp> = {},
): Promise<void> {
  const running = await start({
    plugins: [{ name: 'key-auth', config }],
    keys: { kong: 'bob', schlüssel: 'ann' },
    ...more,
  });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('the first enabled place that has a key decides', async () => {
  const places = { header: 'key_in_header', query: 'key_in_query', body: 'key_in_body' } as const;
  const options = [undefined, 'kong', 'wrong'] as const;
  for (let mask = 1; mask < 8; mask++) {
    const enabled = (['header', 'query', 'body'] as const).filter((_, i) => (mask & (1 << i)) !== 0);
    const config = Object.fromEntries(
      Object.entries(places).map(([place, field]) => [field, enabled.includes(place as never)]),
    );
    await withKeyAuth(config, async ({ send }) => {
      for (const header of options) {
        for (const query of options) {
          for (const body of options) {
            const sent = { header, query, body };
            const decisive = enabled.map((place) => sent[place]).find((value) => value !== undefined);
            const received = await send({
              method: 'POST',
              path: query === undefined ? '/x' : `/x?apikey=${query}`,
              headers: { ...FORM, ...(header === undefined ? {} : { apikey: header }) },
              body: body === undefined ? '' : `apikey=${body}`,
            });
            assert.equal(received.status, decisive === 'kong' ? 200 : 401, `${enabled.join()} ${JSON.stringify(sent)}`);
            if (decisive === undefined) assert.match(received.text, /No API key found in request/);
            if (decisive === 'wrong') assert.match(received.text, /Unauthorized/);
          }
        }
      }
    });
  }
});

test('header names are case-insensitive; - and _ are different', async () => {
  await withKeyAuth({ key_names: ['api_key'] }, async ({ send }) => {
    assert.equal((await send({ headers: { API_KEY: 'kong' } })).status, 200);
    assert.equal((await send({ headers: { 'api-key': 'kong' } })).status, 401);
    assert.equal((await send({ path: '/?api_key=kong' })).status, 200);
  });
});

test('a repeated header, argument or field is a duplicate, an empty one no key', async () => {
  await withKeyAuth({ key_in_body: true }, async ({ send }) => {
    const duplicates = [
      { headers: { apikey: ['kong', 'kong'] } },
      { path: '/?apikey=kong&apikey=kong' },
      { method: 'POST', headers: FORM, body: 'apikey=kong&apikey=kong' },
      { method: 'POST', headers: JSON_BODY, body: '{"apikey":["kong","kong"]}' },
      { method: 'POST', headers: MULTIPART, body: `${part('apikey', 'kong').repeat(2)}--B--` },
    ];
    for (const request of duplicates) assert.match((await send(request)).text, /Duplicate API key found/);
    const empty = [
      { headers: { apikey: '' } },
      { path: '/?apikey=' },
      { headers: { apikey: '' }, path: '/?apikey=kong' },
    ];
    for (const request of empty) {
      const received = await send(request);
      assert.equal(received.status, 401);
      assert.match(received.text, /No API key found in request/);
    }
  });
});

test('keys in forms, JSON and multipart bodies are found, and the body passes as it came', async () => {
  await withKeyAuth({ key_in_body: true }, async ({ send, echo }) => {
    const requests = [
      [FORM, 'x=+1&apikey=kong'],
      [JSON_BODY, '{ "apikey" : "kong" }'],
      [MULTIPART, `${part('apikey', 'kong')}--B--`],
    ] as const;
    for (const [headers, body] of requests) {
      assert.equal((await send({ method: 'POST', headers, body })).status, 200);
      assert.equal(echo.requests.at(-1)!.body, body);
    }
    const none = [
      [FORM, 'apikey[]=kong'],
      [FORM, 'apikey[1]=kong'],
      [JSON_BODY, '{"apikey":'],
      [JSON_BODY, '{"apikey":5}'],
      [{ 'Content-Type': 'text/plain' }, 'apikey=kong'],
      [{}, 'apikey=kong'],
    ] as const;
    for (const [headers, body] of none) {
      const received = await send({ method: 'POST', headers, body });
      assert.match(received.text, /No API key found in request/, body);
    }
  });
});

test('a body too large to be searched holds no key', async () => {
  await withKeyAuth({ key_in_body: true }, async ({ send, echo }) => {
    const body = `apikey=kong&x=${'y'.repeat(8 * 1024 * 1024)}`;
    assert.match((await send({ method: 'POST', headers: FORM, body })).text, /No API key found in request/);
    assert.equal(echo.requests.length, 0);
  });
});

test('hide_credentials takes the key out of wherever it is and leaves the rest in order', async () => {
  await withKeyAuth({ hide_credentials: true }, async ({ send, echo }) => {
    await send({ path: '/request?c=value1&b=value2&apikey=kong&a=value3' });
    assert.equal(echo.requests.at(-1)!.uri, '/request?c=value1&b=value2&a=value3');
    await send({ path: '/request?api%6B%65%79=kong&x=a+b' });
    assert.equal(echo.requests.at(-1)!.uri, '/request?x=a%20b');
    await send({ path: '/request?apikey=other&x=1', headers: { ApiKey: 'kong' } });
    const seen = echo.requests.at(-1)!;
    assert.equal(seen.uri, '/request?x=1');
    assert.equal(seen.headers['apikey'], undefined);
    await send({ path: '/request?x=a+b&&y', headers: { apikey: 'kong' } });
    assert.equal(echo.requests.at(-1)!.uri, '/request?x=a+b&&y');
  });
});

test('without hide_credentials nothing changes', async () => {
  await withKeyAuth({}, async ({ send, echo }) => {
    await send({ path: '/request?b=+1&apikey=kong&&a=%7e' });
    assert.equal(echo.requests.at(-1)!.uri, '/request?b=+1&apikey=kong&&a=%7e');
  });
});

test('hide_credentials cleans the body too when keys may be there', async () => {
  await withKeyAuth({ hide_credentials: true, key_in_body: true }, async ({ send, echo }) => {
    const requests = [
      [FORM, 'z=1&apikey=kong&a=x+y', 'a=x%20y&z=1'],
      [JSON_BODY, '{"apikey":"kong","n":9007199254740993,"l":[]}', '{"n":9007199254740993,"l":[]}'],
      [MULTIPART, `${part('apikey', 'kong')}${part('x', '1')}--B--`, `${part('x', '1')}--B--\r\n`],
    ] as const;
    for (const [headers, body, expected] of requests) {
      assert.equal((await send({ method: 'POST', headers, body })).status, 200);
      const seen = echo.requests.at(-1)!;
      assert.equal(seen.body, expected);
      assert.equal(seen.headers['content-length'], String(Buffer.byteLength(expected)));
      assert.equal(seen.headers['content-type'], headers['Content-Type']);
    }
    await send({ method: 'POST', headers: { ...FORM, apikey: 'kong' }, body: 'apikey=kong&x=1' });
    assert.equal(echo.requests.at(-1)!.body, 'x=1');
    assert.equal(echo.requests.at(-1)!.headers['apikey'], undefined);
  });
});

test('names are tried in order, each in all places', async () => {
  await withKeyAuth({ key_names: ['first', 'second'], key_in_body: true }, async ({ send }) => {
    assert.equal((await send({ path: '/?second=kong' })).status, 200);
    assert.equal((await send({ path: '/?first&second=kong' })).status, 200);
    assert.equal((await send({ path: '/?first=wrong&second=kong' })).status, 401);
    // The body has the first name, the header the second: the first name decides.
    const request = { method: 'POST', headers: { ...FORM, second: 'kong' }, body: 'first=wrong' };
    assert.equal((await send(request)).status, 401);
    assert.equal((await send({ ...request, body: 'x=1' })).status, 200);
  });
});

test('run_on_preflight off lets OPTIONS pass untouched', async () => {
  await withKeyAuth({ run_on_preflight: false, hide_credentials: true }, async ({ send, echo }) => {
    assert.equal((await send({ method: 'OPTIONS', path: '/x?apikey=nope' })).status, 200);
    assert.equal(echo.requests.at(-1)!.uri, '/x?apikey=nope');
    assert.equal((await send({})).status, 401);
  });
});

test('the realm is in the challenge', async () => {
  await withKeyAuth({ realm: 'test-realm' }, async ({ send }) => {
    assert.deepEqual((await send({})).header('www-authenticate'), ['Key realm="test-realm"']);
    assert.deepEqual((await send({ headers: { apikey: 'x' } })).header('www-authenticate'), ['Key realm="test-realm"']);
  });
});

test('an expired key is unknown', async () => {
  const now = Date.now() / 1000;
  await withKeyAuth(
    {},
    async ({ send }) => {
      assert.match((await send({ headers: { apikey: 'old' } })).text, /Unauthorized/);
      assert.equal((await send({ headers: { apikey: 'fresh' } })).status, 200);
    },
    { keys: { old: 'bob', fresh: 'ann' }, expiries: { old: now - 1, fresh: now + 600 } },
  );
});

test('keys may hold more than ASCII', async () => {
  await withKeyAuth({ key_in_body: true }, async ({ send, echo }) => {
    const requests = [
      { headers: { apikey: Buffer.from('schlüssel').toString('latin1') } },
      { path: '/?apikey=schl%C3%BCssel' },
      { method: 'POST', headers: JSON_BODY, body: '{"apikey":"schlüssel"}' },
    ];
    for (const request of requests) {
      assert.equal((await send(request)).status, 200);
      assert.equal(echo.requests.at(-1)!.headers['x-consumer-username'], 'ann');
    }
  });
});
