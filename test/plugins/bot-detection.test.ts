import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const detecting = (config: JsonObject = {}): PluginInput => ({ name: 'bot-detection', config });

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

const BOTS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Twitterbot/1.0',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0)',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'Baiduspider+(+http://www.baidu.com/search/spider.htm)',
  'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)',
  'ia_archiver (+http://www.alexa.com/site/help/webmasters)',
  'Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)',
  'Mozilla/5.0 (Macintosh) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90 Safari/537.36 PTST/220101',
  'Apache-HttpClient/4.5.13 (Java/11)',
  'Go-http-client/1.1',
  'okhttp/4.9.0',
  'Python-urllib/3.8',
  'aws-cli/2.0 Python/3.8',
  'aws-sdk-go/1.38',
  'SomethingCrawler 2',
  'my-spider',
  'WordPress/5.8; https://example.com',
  'Slack-ImgProxy 0.59 (+https://api.slack.com/robots)',
  'Mozilla/5.0 (compatible; heritrix/3.3.0 +http://archive.example)',
  'Mozilla/5.0 (compatible; Qwantify/2.4w; +https://www.qwant.com/)/2.4w',
  'SimplePie/1.5 (Feed Parser)',
  'masscan/1.0',
  'bot 1.0',
  'Foo Indexer 2.1',
  'NING/1.0',
];
const PEOPLE = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.110 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:95.0) Gecko/20100101 Firefox/95.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 15_2 like Mac OS X) AppleWebKit/605.1.15 Version/15.2 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/96.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/94.0 YaBrowser/21.11 Yowser/2.5 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 Chrome/96.0 Mobile Safari/537.36 YandexSearch/21.111',
  'curl/7.79.1',
  'Wget/1.21',
  'PostmanRuntime/7.28',
  'grpc-go/1.41.0',
  'kube-probe/1.22',
  'Star voyager',
];

test('known bots are refused, people are not', async () => {
  await withGateway({ plugins: [detecting()] }, async ({ send }) => {
    for (const agent of BOTS) assert.equal((await send({ headers: { 'User-Agent': agent } })).status, 403, agent);
    for (const agent of PEOPLE) assert.equal((await send({ headers: { 'User-Agent': agent } })).status, 200, agent);
    assert.equal((await send({})).status, 200);
    assert.equal((await send({ headers: { 'User-Agent': '' } })).status, 200);
  });
});

test('a bot never gets as far as a preflight or a login', async () => {
  await withGateway({ plugins: [detecting(), { name: 'cors' }, { name: 'key-auth' }] }, async ({ send }) => {
    const headers = { 'User-Agent': 'Googlebot/2.1', Origin: 'https://a.test', 'Access-Control-Request-Method': 'GET' };
    const received = await send({ method: 'OPTIONS', headers });
    assert.equal(received.status, 403);
    assert.match(received.text, /"message":\s*"Forbidden"/);
  });
});

test('expressions are searched anywhere, case by case', async () => {
  await withGateway({ plugins: [detecting({ deny: ['evil', '^Bad'], allow: ['Googlebot'] })] }, async ({ send }) => {
    const statusOf = async (agent: string): Promise<number> =>
      (await send({ headers: { 'User-Agent': agent } })).status;
    assert.equal(await statusOf('so evil'), 403);
    assert.equal(await statusOf('so EVIL'), 200);
    assert.equal(await statusOf('Bad'), 403);
    assert.equal(await statusOf('not Bad'), 200);
    assert.equal(await statusOf('Googlebot/2.1 evil'), 200);
  });
});

test('a very long agent costs no more than a long one', async () => {
  await withGateway({ plugins: [detecting({ deny: ['(a|ab)+c'] })] }, async ({ send, logs }) => {
    const startedAt = performance.now();
    const received = await send({ headers: { 'User-Agent': 'ab'.repeat(3500) } });
    assert.ok([200, 500].includes(received.status));
    assert.ok(performance.now() - startedAt < 1000);
    if (received.status === 500) assert.ok(logs.some((line) => line.includes('bot-detection')));
  });
  await withGateway({ plugins: [detecting()] }, async ({ send }) => {
    const startedAt = performance.now();
    for (const piece of ['a', 'Bot', '/', ' ', 'aA-']) {
      await send({ headers: { 'User-Agent': piece.repeat(Math.floor(7000 / piece.length)) } });
    }
    assert.ok(performance.now() - startedAt < 1000);
  });
});

test('verdicts are forgotten when there are too many of them, and stay right', async () => {
  await withGateway({ plugins: [detecting({ deny: ['^no-'] })] }, async ({ send }) => {
    for (let i = 0; i < 50; i++) {
      assert.equal((await send({ headers: { 'User-Agent': `no-${i % 3}` } })).status, 403);
      assert.equal((await send({ headers: { 'User-Agent': `yes-${i}` } })).status, 200);
    }
  });
});
