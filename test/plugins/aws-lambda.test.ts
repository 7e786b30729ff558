import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { Outside } from '../../src/gateway/environment/outside.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { createCredentials } from '../../src/plugins/shared/aws/credentials.ts';
import { type Running, start } from './gateway-fixture.ts';
import { type Asked, type Servant, serve } from './http-servant.ts';

type React = (asked: Asked, response: ServerResponse) => void;

const OK: React = (_, response) =>
  response.writeHead(200, { 'Content-Type': 'application/json', 'X-Amzn-RequestId': 'r1' }).end('{"ok":true}');
const result =
  (value: unknown, headers: Record<string, string> = {}): React =>
  (_, response) =>
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));

async function withLambda(
  config: JsonObject,
  react: React,
  run: (running: Running, lambda: Servant) => Promise<void>,
  routes?: Readonly<Record<string, readonly string[]>>,
) {
  const lambda = await serve(react);
  const running = await start({
    ...(routes && { routes }),
    plugins: [
      {
        name: 'aws-lambda',
        config: {
          aws_key: 'AKID',
          aws_secret: 'secret',
          aws_region: 'us-east-1',
          function_name: 'kongLambdaTest',
          host: '127.0.0.1',
          port: lambda.port,
          disable_https: true,
          ...config,
        },
      },
    ],
  });
  try {
    await run(running, lambda);
  } finally {
    await running.close();
    await lambda.close();
  }
}

const payload = ({ asked }: Servant): JsonObject => JSON.parse(asked[0]!.body) as JsonObject;

test('the function is called with the arguments of the request and its result is the answer', async () => {
  await withLambda({ qualifier: 'v 1' }, OK, async ({ send, echo }, lambda) => {
    const answer = await send({ path: '/get?key1=a&key2=b&key2=c' });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '{"ok":true}');
    assert.deepEqual(answer.header('x-amzn-requestid'), ['r1']);
    assert.deepEqual(answer.header('via'), ['1.1 kong/3.10.0']);
    assert.equal(echo.requests.length, 0);
    const [asked] = lambda.asked;
    assert.equal(asked!.method, 'POST');
    assert.equal(asked!.url, '/2015-03-31/functions/kongLambdaTest/invocations?Qualifier=v%201');
    assert.equal(asked!.headers['x-amz-invocation-type'], 'RequestResponse');
    assert.equal(asked!.headers['x-amz-log-type'], 'Tail');
    assert.match(String(asked!.headers['x-amz-date']), /^\d{8}T\d{6}Z$/);
    assert.match(
      String(asked!.headers['authorization']),
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/lambda\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-invocation-type;x-amz-log-type, Signature=[0-9a-f]{64}$/,
    );
    assert.deepEqual(payload(lambda), { key1: 'a', key2: ['b', 'c'] });
  });
});

for (const [type, body] of [
  ['application/json; charset=utf-8', '{"key1":"from body","n":1}'],
  ['application/x-www-form-urlencoded', 'key1=from+body&n=1'],
  [
    'multipart/form-data; boundary=b',
    ['key1\r\n\r\nfrom body', 'n\r\n\r\n1']
      .map((part) => `--b\r\nContent-Disposition: form-data; name=${part}\r\n`)
      .join('')
      .concat('--b--\r\n'),
  ],
] as const) {
  test(`arguments of a ${type} body win over those of the query`, async () => {
    await withLambda({}, OK, async ({ send }, lambda) => {
      await send({ method: 'POST', path: '/post?key1=q&key2=q', headers: { 'Content-Type': type }, body });
      const { key1, key2, n } = payload(lambda);
      assert.deepEqual([key1, key2, String(n)], ['from body', 'q', '1']);
    });
  });
}

test('parts of the request are sent as they are chosen', async () => {
  const config = {
    forward_request_method: true,
    forward_request_uri: true,
    forward_request_headers: true,
    forward_request_body: true,
  };
  await withLambda(config, OK, async ({ send }, lambda) => {
    const headers = { 'Content-Type': 'application/xml', 'X-A': '1' };
    await send({ method: 'PUT', path: '/put?a=1', headers, body: '<a/>' });
    const { request_method, request_uri, request_uri_args, request_body, request_body_base64, request_headers } =
      payload(lambda);
    assert.equal(request_method, 'PUT');
    assert.equal(request_uri, '/put?a=1');
    assert.deepEqual(request_uri_args, { a: '1' });
    assert.equal(request_body, Buffer.from('<a/>').toString('base64'));
    assert.equal(request_body_base64, true);
    assert.equal((request_headers as JsonObject)['x-a'], '1');
  });
});

test('text and JSON bodies are not encoded', async () => {
  await withLambda({ forward_request_body: true }, OK, async ({ send }, lambda) => {
    await send({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"a":[]}' });
    const { request_body, request_body_args, request_body_base64 } = payload(lambda);
    assert.equal(request_body, '{"a":[]}');
    assert.deepEqual(request_body_args, { a: [] });
    assert.equal(request_body_base64, false);
  });
});

test('the event of an API gateway', async () => {
  await withLambda({ awsgateway_compatible: true }, OK, async ({ send }, lambda) => {
    const headers = { 'User-Agent': 'test/1', 'X-A': ['1', '2'] };
    await send({ method: 'POST', path: '/some/path?a=1&a=2&b', headers, body: 'hi', host: 'api.example.test' });
    const event = payload(lambda);
    const context = event['requestContext'] as JsonObject;
    assert.equal(event['version'], '1.0');
    assert.equal(event['resource'], '/');
    assert.equal(event['path'], '/some/path');
    assert.equal(event['httpMethod'], 'POST');
    assert.equal((event['headers'] as JsonObject)['x-a'], '1');
    assert.deepEqual((event['multiValueHeaders'] as JsonObject)['x-a'], ['1', '2']);
    assert.deepEqual(event['queryStringParameters'], { a: '1', b: '' });
    assert.deepEqual(event['multiValueQueryStringParameters'], { a: ['1', '2'], b: [''] });
    assert.equal(event['body'], 'aGk=');
    assert.equal(event['isBase64Encoded'], true);
    assert.equal(context['domainName'], 'api.example.test');
    assert.equal(context['domainPrefix'], 'api');
    assert.equal(context['protocol'], 'HTTP/1.1');
    assert.deepEqual(context['identity'], { sourceIp: '127.0.0.1', userAgent: 'test/1' });
    assert.match(String(context['requestTime']), /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  });
});

test('the resource of an event is the path of the route that fits, which may be a pattern', async () => {
  const routes = { r: ['/', '/users', '~/users/(?<id>\\d+)$'] };
  await withLambda(
    { awsgateway_compatible: true },
    OK,
    async ({ send }, lambda) => {
      for (const [path, resource] of [
        ['/users/7', '/users/(?<id>\\d+)$'],
        ['/users/x', '/users'],
      ]) {
        await send({ path: path! });
        assert.equal((JSON.parse(lambda.asked.at(-1)!.body) as JsonObject)['resource'], resource);
      }
      assert.deepEqual((JSON.parse(lambda.asked[0]!.body) as JsonObject)['pathParameters'], { id: '7' });
    },
    routes,
  );
});

test('a proxy integration says status, headers and body', async () => {
  const value = {
    statusCode: 201,
    headers: { 'X-One': '1', 'Content-Type': 'text/plain' },
    multiValueHeaders: { 'X-Many': ['a', 'b'] },
    body: Buffer.from('binary').toString('base64'),
    isBase64Encoded: true,
  };
  await withLambda({ is_proxy_integration: true }, result(value), async ({ send }) => {
    const answer = await send({});
    assert.equal(answer.status, 201);
    assert.equal(answer.text, 'binary');
    assert.deepEqual(answer.header('x-one'), ['1']);
    assert.deepEqual(answer.header('x-many'), ['a', 'b']);
    assert.deepEqual(answer.header('content-type'), ['text/plain']);
  });
});

for (const [value, why] of [
  [{ statusCode: 'ok' }, 'statusCode validation failed'],
  [{ statusCode: 700 }, 'statusCode validation failed'],
  [{ statusCode: 200, headers: 'x' }, 'headers must be a table'],
  [{ statusCode: 200, body: 1 }, 'body must be a string'],
  [{ statusCode: 200, isBase64Encoded: 'yes' }, 'isBase64Encoded must be a boolean'],
] as const) {
  test(`a proxy integration with ${JSON.stringify(value)} is a bad gateway`, async () => {
    await withLambda({ is_proxy_integration: true }, result(value), async ({ send }) => {
      const answer = await send({});
      assert.equal(answer.status, 502);
      assert.deepEqual(JSON.parse(answer.text), {
        message: 'Bad Gateway',
        error: `could not JSON decode Lambda function response: ${why}`,
      });
    });
  });
}

test('a failed function is 200 unless a status is configured', async () => {
  const failed = result({ errorMessage: 'x' }, { 'X-Amz-Function-Error': 'Unhandled' });
  await withLambda({}, failed, async ({ send }) => assert.equal((await send({})).status, 200));
  await withLambda({ unhandled_status: 412 }, failed, async ({ send }) => assert.equal((await send({})).status, 412));
});

test('a failed function of a proxy integration says no status, whatever is configured', async () => {
  const failed = result({ errorMessage: 'x' }, { 'X-Amz-Function-Error': 'Unhandled' });
  await withLambda({ is_proxy_integration: true, unhandled_status: 412 }, failed, async ({ send }) => {
    assert.equal((await send({})).status, 502);
  });
});

for (const [invocation_type, status] of [
  ['Event', 202],
  ['DryRun', 204],
] as const) {
  test(`${invocation_type} answers ${status}`, async () => {
    const react: React = (_, response) => response.writeHead(status).end();
    await withLambda({ invocation_type }, react, async ({ send }, lambda) => {
      assert.equal((await send({})).status, status);
      assert.equal(lambda.asked[0]!.headers['x-amz-invocation-type'], invocation_type);
    });
  });
}

test('empty lists stay lists with empty_arrays_mode correct', async () => {
  await withLambda({ empty_arrays_mode: 'correct' }, result({ a: [] }), async ({ send }) => {
    assert.equal((await send({})).text, '{"a":[]}');
  });
  await withLambda({}, result({ a: [], b: [1] }), async ({ send }) => {
    assert.equal((await send({})).text, '{"a":{},"b":[1]}');
  });
});

test('an error of AWS and a broken connection are 500 without details', async () => {
  for (const react of [
    ((_, response) => response.writeHead(403).end('{"Message":"secret"}')) as React,
    ((_, response) => response.destroy()) as React,
  ]) {
    await withLambda({}, react, async ({ send }) => {
      const answer = await send({});
      assert.equal(answer.status, 500);
      assert.match(answer.text, /An unexpected error occurred/);
      assert.ok(!answer.text.includes('secret'));
    });
  }
});

const XML = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>
<SecretAccessKey>s2</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;

test('a role is assumed once and its keys are used', async () => {
  const sts = await serve((_, response) => void response.writeHead(200, { 'Content-Type': 'text/xml' }).end(XML));
  const role = { aws_assume_role_arn: 'arn:aws:iam::1:role/r', aws_sts_endpoint_url: `http://127.0.0.1:${sts.port}` };
  try {
    await withLambda(role, OK, async ({ send }, lambda) => {
      await send({});
      await send({});
      assert.equal(sts.asked.length, 1);
      assert.match(
        sts.asked[0]!.url,
        /^\/\?Action=AssumeRole&.*RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=kong/,
      );
      assert.match(String(sts.asked[0]!.headers['authorization']), /Credential=AKID\/\d+\/us-east-1\/sts\//);
      assert.equal(lambda.asked[1]!.headers['x-amz-security-token'], 'tok');
      assert.match(String(lambda.asked[1]!.headers['authorization']), /Credential=ASIA\//);
    });
  } finally {
    await sts.close();
  }
});

test('the machine’s credentials come from its metadata service, in both versions', async () => {
  const machine = await serve(({ url, method, headers }, response) => {
    if (url === '/latest/api/token' && method === 'PUT') return void response.end('T');
    if (headers['x-aws-ec2-metadata-token'] !== undefined && headers['x-aws-ec2-metadata-token'] !== 'T') {
      return void response.writeHead(401).end();
    }
    if (url === '/latest/meta-data/iam/security-credentials/') return void response.end('role-1\n');
    response.end('{"AccessKeyId":"A","SecretAccessKey":"B","Token":"C","Expiration":"2100-01-01T00:00:00Z"}');
  });
  const outside = new Outside({ resolve: () => ['127.0.0.1'], systemLogSocket: undefined, report: () => undefined });
  try {
    for (const metadataVersion of ['v1', 'v2'] as const) {
      const ask = createCredentials(
        { accessKey: null, secretKey: null, region: 'eu-west-1', metadataVersion },
        { network: outside.network, clock: { now: () => Date.now() } },
        { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${machine.port}` },
      );
      const [keys, same] = await Promise.all([ask(), ask()]);
      assert.equal(keys, same);
      assert.equal(keys.accessKey, 'A');
      assert.equal(keys.sessionToken, 'C');
    }
    assert.deepEqual(
      machine.asked.map(({ method }) => method),
      ['GET', 'GET', 'PUT', 'GET', 'GET'],
    );
  } finally {
    await outside.close();
    await machine.close();
  }
});
