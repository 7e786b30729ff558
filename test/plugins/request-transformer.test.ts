import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { type Running, type SetUp, start } from './gateway-fixture.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'Content-Type': 'application/json' };
const MULTIPART = { 'Content-Type': 'multipart/form-data; boundary=B' };
const part = (name: string, value: string): string =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

async function withRules(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  more: Partial<SetUp> = {},
): Promise<void> {
  const running = await start({ plugins: [{ name: 'request-transformer', config }], ...more });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

function errorsOf(config: JsonObject): JsonObject {
  const schemas = createSchemas(pluginSchemas);
  const input = { name: 'request-transformer', config };
  const result = processEntity(schemas, schemaOf(schemas, 'plugins'), input, { auto: { now: () => Date.now() } });
  return result.ok ? {} : (result.errors as JsonObject);
}

test('headers: remove, rename, replace, add, append, whatever the case of names', async () => {
  const config = {
    remove: { headers: ['X-Remove', 'host'] },
    rename: { headers: ['X-Old:x-new', 'x-same:X-Same', 'x-missing:x-other', 'x-pair:x-pair2'] },
    replace: { headers: ['X-Replace:r', 'x-absent:r'] },
    add: { headers: ['X-Add:a', 'x-there:no', 'host:evil.test'] },
    append: { headers: ['X-There:more', 'x-added:1', 'x-added:2'] },
  };
  await withRules(config, async ({ send, echo }) => {
    const headers = {
      'x-remove': '1',
      'x-old': 'moved',
      'x-new': 'overwritten',
      'x-same': 's',
      'x-pair': ['p1', 'p2'],
      'x-replace': ['a', 'b'],
      'x-there': 't',
    };
    assert.equal((await send({ headers })).status, 200);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-remove'], undefined);
    assert.equal(seen['x-old'], undefined);
    assert.equal(seen['x-new'], 'moved');
    assert.equal(seen['x-same'], 's');
    assert.equal(seen['x-other'], undefined);
    assert.deepEqual(seen['x-pair2'], ['p1', 'p2']);
    assert.equal(seen['x-replace'], 'r');
    assert.equal(seen['x-absent'], undefined);
    assert.equal(seen['x-add'], 'a');
    assert.deepEqual(seen['x-there'], ['t', 'more']);
    assert.deepEqual(seen['x-added'], ['1', '2']);
    assert.match(seen['host'] as string, /^127\.0\.0\.1:/);
  });
});

test('a header rule without a value does nothing', async () => {
  await withRules({ add: { headers: ['x-a:'] }, replace: { headers: ['x-b:'] } }, async ({ send, echo }) => {
    await send({ headers: { 'x-b': '1' } });
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-a'], undefined);
    assert.equal(seen['x-b'], '1');
  });
});

test('what a template takes from the request cannot end a header line', async () => {
  await withRules({ add: { headers: ['x-a:$(query_params.q)'] } }, async ({ send, echo }) => {
    assert.equal((await send({ path: '/?q=1%0d%0aX-Evil:%201%00' })).status, 200);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-a'], '1%0D%0AX-Evil: 1%00');
    assert.equal(seen['x-evil'], undefined);
  });
});

test('texts beyond ASCII go out as UTF-8', async () => {
  const config = { add: { headers: ['x-a:é$(query_params.q)'], querystring: ['k:é'], body: ['k:é$(query_params.q)'] } };
  await withRules(config, async ({ send, echo }) => {
    await send({ method: 'POST', path: '/?q=%C3%BC&raw=%FF', headers: JSON_BODY, body: '{}' });
    const seen = echo.requests.at(-1)!;
    assert.equal(Buffer.from(seen.headers['x-a'] as string, 'latin1').toString(), 'éü');
    assert.equal(seen.uri, '/?k=%C3%A9&q=%C3%BC&raw=%FF');
    assert.equal(seen.body, '{"k":"éü"}');
  });
});

test('query: actions in order, fragments sorted, repeated arguments together', async () => {
  const config = {
    remove: { querystring: ['gone'] },
    rename: { querystring: ['old:new'] },
    replace: { querystring: ['rep:1', 'absent:1'] },
    add: { querystring: ['add:1', 'z:ignored'] },
    append: { querystring: ['z:2', 'y:1'] },
  };
  await withRules(config, async ({ send, echo }) => {
    await send({ path: '/get?z=1&gone&old=o&rep=a&rep=b&flag' });
    assert.equal(echo.requests.at(-1)!.uri, '/get?add=1&flag&new=o&rep=1&y=1&z=1&z=2');
  });
});

test('a query is sorted and encoded anew where there are rules for it, and stays byte by byte where there are none', async () => {
  const pass = async (config: JsonObject): Promise<string> => {
    let uri = '';
    await withRules(config, async ({ send, echo }) => {
      await send({ path: '/get?z=%7e&&b&a=+1' });
      uri = echo.requests.at(-1)!.uri;
    });
    return uri;
  };
  const asItCame = '/get?z=%7e&&b&a=+1';
  const anew = '/get?a=%201&b&z=~';
  assert.equal(await pass({ remove: { querystring: ['gone'] } }), anew);
  assert.equal(await pass({ add: { querystring: ['z:x'] } }), anew);
  assert.equal(await pass({ add: { headers: ['z:x'], body: ['z:x'] } }), asItCame);
  assert.equal(await pass({ http_method: 'HEAD' }), asItCame);
});

test('all arguments of a long query survive a change', async () => {
  await withRules({ add: { querystring: ['k:v'] } }, async ({ send, echo }) => {
    const query = Array.from({ length: 300 }, (_, i) => `a=${i}`).join('&');
    await send({ path: `/get?${query}` });
    assert.equal(echo.requests.at(-1)!.uri, `/get?${query}&k=v`);
  });
});

test('names of query arguments are never properties', async () => {
  const config = { remove: { querystring: ['toString'] }, add: { querystring: ['__proto__:x'] } };
  await withRules(config, async ({ send, echo }) => {
    await send({ path: '/get?constructor=1' });
    assert.equal(echo.requests.at(-1)!.uri, '/get?__proto__=x&constructor=1');
  });
});

test('bodies of all three formats are changed and measured anew', async () => {
  await withRules({ remove: { body: ['gone'] }, add: { body: ['k:v'] } }, async ({ send, echo }) => {
    const cases = [
      [JSON_BODY, '{"gone":1,"x":[]}', '{"x":[],"k":"v"}'],
      [{ 'Content-Type': 'application/json; charset=utf-8' }, '', '{"k":"v"}'],
      [FORM, 'gone=1&x=+', 'x=%20&k=v'],
      [MULTIPART, `${part('gone', '1')}--B--`, `${part('k', 'v')}--B--\r\n`],
      [JSON_BODY, 'malformed json', 'malformed json'],
      [{ 'Content-Type': 'text/plain' }, 'x', 'x'],
    ] as const;
    for (const [headers, body, expected] of cases) {
      assert.equal((await send({ method: 'POST', headers, body })).status, 200);
      const seen = echo.requests.at(-1)!;
      assert.equal(seen.body, expected);
      assert.equal(seen.headers['content-length'], String(expected.length));
    }
  });
});

test('a body that is too large to be changed is refused, not passed', async () => {
  await withRules({ remove: { body: ['gone'] } }, async ({ send, echo }) => {
    const big = await send({ method: 'POST', headers: FORM, body: 'x'.repeat(8 * 1024 * 1024 + 1) });
    assert.equal(big.status, 413);
    const many = await send({ method: 'POST', headers: FORM, body: 'a&'.repeat(10_001) });
    assert.equal(many.status, 413);
    assert.equal(echo.requests.length, 0);
    const other = await send({
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: 'x'.repeat(9_000_000),
    });
    assert.equal(other.status, 200);
  });
});

test('a form goes into the query when the new method has no body', async () => {
  const config = { http_method: 'GET', add: { querystring: ['k:v'] } };
  await withRules(config, async ({ send, echo }) => {
    await send({ method: 'POST', path: '/post?a=0&z', headers: FORM, body: 'b=2&b=3&a=1' });
    const seen = echo.requests.at(-1)!;
    assert.equal(seen.method, 'GET');
    assert.equal(seen.uri, '/post?a=0&a=1&b=2&b=3&k=v&z');
    assert.equal(seen.body, 'b=2&b=3&a=1');
    await send({ method: 'POST', path: '/post?b=1&a=2', headers: JSON_BODY, body: '{"x":1}' });
    assert.equal(echo.requests.at(-1)!.uri, '/post?a=2&b=1&k=v');
  });
});

test('a method that answers without a body does not confuse the connection', async () => {
  await withRules({ http_method: 'GET' }, async ({ send, echo }) => {
    const received = await send({ method: 'HEAD' });
    assert.equal(received.status, 200);
    assert.equal(received.text, '');
    assert.equal(echo.requests.at(-1)!.method, 'GET');
  });
  await withRules({ http_method: 'HEAD' }, async ({ send, echo }) => {
    assert.equal((await send({ method: 'GET' })).status, 200);
    assert.equal(echo.requests.at(-1)!.method, 'HEAD');
    assert.equal((await send({ method: 'GET' })).status, 200);
  });
});

const CAPTURES = { r: ['~/requests/(?<user>[^/]+)/(.+)'] };

test('the path template sees named and numbered captures', async () => {
  const config = { replace: { uri: "/u/$(uri_captures.user)/$(uri_captures[2])/$(uri_captures.none or 'x')" } };
  await withRules(
    config,
    async ({ send, echo }) => {
      await send({ path: '/requests/foo/bar%20baz?q=1' });
      assert.equal(echo.requests.at(-1)!.uri, '/u/foo/bar%20baz/x?q=1');
    },
    { routes: CAPTURES },
  );
});

test('what comes from the request stays inside the path', async () => {
  await withRules({ replace: { uri: '/api/$(query_params.p)' } }, async ({ send, echo }) => {
    await send({ path: '/get?p=a%3Fadmin=1%23x%20y' });
    assert.equal(echo.requests.at(-1)!.uri, '/api/a%3Fadmin=1%23x%20y?p=a%3Fadmin=1%23x%20y');
    for (const p of ['..%2Fadmin', '%252e%252e/admin', 'x/./y', '..']) {
      assert.equal((await send({ path: `/get?p=${p}` })).status, 400, p);
    }
    assert.equal((await send({ path: '/get?p=..x/.y' })).status, 200);
    assert.equal(echo.requests.length, 2);
  });
});

test('an empty path template changes nothing, one without a slash fails', async () => {
  await withRules({ replace: { uri: '$(headers.x_path)' } }, async ({ send, echo, logs }) => {
    await send({ path: '/get' });
    assert.equal(echo.requests.at(-1)!.uri, '/get');
    await send({ path: '/get', headers: { 'x-path': '/other' } });
    assert.equal(echo.requests.at(-1)!.uri, '/other');
    const received = await send({ path: '/get', headers: { 'x-path': 'other' } });
    assert.equal(received.status, 500);
    assert.match(received.text, /An unexpected error occurred/);
    assert.match(logs.join('\n'), /warn \[request-transformer\] a template failed: the path/);
  });
});

test('templates see the request as it came, whatever other rules do', async () => {
  const config = {
    remove: { headers: ['x-a'], querystring: ['q'] },
    replace: { headers: ['x-b:new'] },
    add: {
      headers: ["x-sum:$(headers['x-a'])$(headers.x_b)$(query_params.q)", 'x-first:$(headers.x_list[1])'],
      querystring: ['sum:$(headers.x_a)$(query_params.q)'],
      body: ['sum:$(headers.x_a)$(query_params.q)'],
    },
  };
  await withRules(config, async ({ send, echo }) => {
    const headers = { ...JSON_BODY, 'x-a': 'a', 'x-b': 'b', 'x-list': ['1', '2'] };
    await send({ method: 'POST', path: '/get?q=1', headers, body: '{}' });
    const seen = echo.requests.at(-1)!;
    assert.equal(seen.headers['x-sum'], 'ab1');
    assert.equal(seen.headers['x-first'], '1');
    assert.equal(seen.headers['x-a'], undefined);
    assert.equal(seen.uri, '/get?sum=a1');
    assert.equal(seen.body, '{"sum":"a1"}');
  });
});

test('a template that fails answers 500 before anything is changed or sent', async () => {
  const config = { add: { headers: ['x-a:$(headers.x_n * 2)'] }, replace: { uri: '/other' } };
  await withRules(config, async ({ send, echo }) => {
    assert.equal((await send({ headers: { 'x-n': 'many' } })).status, 500);
    assert.equal((await send({})).status, 500);
    assert.equal(echo.requests.length, 0);
    assert.equal((await send({ headers: { 'x-n': '21' } })).status, 200);
    assert.equal(echo.requests.at(-1)!.headers['x-a'], '42');
  });
});

test('Lua that is no expression of the subset is refused when it is configured', () => {
  const refused: readonly JsonObject[] = [
    { add: { headers: ["x:$(os.execute('id'))"] } },
    { add: { querystring: ['x:$(shared.y = 1)'] } },
    { append: { body: ['x:$(kong.request.get_path())'] } },
    { replace: { uri: '/$(function() end)' } },
    { rename: { querystring: ['x:$(headers.host:rep())))'] } },
    { add: { headers: ['x:$(headers.host'] } },
  ];
  for (const config of refused.slice(0, 4)) {
    assert.match(JSON.stringify(errorsOf(config)), /is not in supported format, error:/, JSON.stringify(config));
  }
  assert.match(JSON.stringify(errorsOf(refused[5]!)), /not closed/);
  assert.deepEqual(
    errorsOf({ add: { headers: ["x:$(headers.host or 'y')"] }, replace: { uri: '/$(uri_captures[1])' } }),
    {},
  );
});
test('a key that was hidden in the body stays hidden behind body rules', async () => {
  const plugins = [
    { name: 'key-auth', config: { key_in_body: true, hide_credentials: true } },
    { name: 'request-transformer', config: { add: { body: ['k:v'] } } },
  ];
  await withRules(
    {},
    async ({ send, echo }) => {
      assert.equal((await send({ method: 'POST', headers: FORM, body: 'apikey=kong&x=1' })).status, 200);
      assert.equal(echo.requests.at(-1)!.body, 'x=1&k=v');
    },
    { plugins, keys: { kong: 'bob' } },
  );
});
