// Answers over HTTP/2 as they were meant: chunks that wait for a client are not written over by what the upstream connection reads
// next, and lines that come twice are what HTTP/2 can say of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { after, test } from 'node:test';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { answerLines } from '../../src/gateway/http2/answer-headers.ts';
import { start, startUpstream } from './rig.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

test('chunks that a client has no window for stay as they were while their connection reads other answers', async () => {
  const sizes = [1, 100, 4095, 4096, 4097, 9000, 16_384, 40_000];
  const upstream = await startUpstream((request, response) => {
    const [, size, letter] = request.url!.split('/') as [string, string, string];
    response.end(letter.repeat(Number(size)));
  });
  const running = await start(
    { services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] }] },
    // One connection to the upstream is used again and again.
    { http2: true, keepAlive: { poolSize: 1, idleSeconds: 60, maxRequests: 0 } },
  );
  const session = connect(`http://127.0.0.1:${running.port}`, { settings: { initialWindowSize: 0 } });
  open.push(() => session.destroy());
  const held = [];
  for (const [i, size] of sizes.entries()) {
    const letter = String.fromCharCode(97 + i);
    const stream = session.request({ ':authority': 'a.test', ':path': `/${size}/${letter}` });
    await once(stream, 'response');
    held.push({ stream, wanted: letter.repeat(size) });
  }
  // Time for the bodies, which follow their heads, to get as far as they can.
  await new Promise((resolve) => setTimeout(resolve, 100));
  session.settings({ initialWindowSize: 65_535 });
  for (const { stream, wanted } of held) {
    let text = '';
    stream.on('data', (chunk) => (text += chunk));
    await once(stream, 'end');
    assert.ok(text === wanted, `${wanted.length} times ${wanted[0]}, not ${text.slice(0, 20)} (${text.length})`);
  }
  session.destroy();
  await running.close();
  await upstream.close();
});

test('names go out in lower case, without what speaks of a connection, the date made when there is none', () => {
  const list = HeaderList.from([
    ['Content-Type', 'text/plain'],
    ['Connection', 'close'],
    ['Content-Length', '7'],
    ['TE', 'gzip'],
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
  ]);
  assert.deepEqual(answerLines(200, list, 3, DATE), [
    ...[':status', '200', 'content-type', 'text/plain', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
    ...['content-length', '3', 'date', DATE],
  ]);
  assert.equal(answerLines(200, list, undefined, DATE).includes('content-length'), false);
});

test('of a line that may be there only once the last counts, whatever values look like names', () => {
  const list = HeaderList.from([
    ['X-Value', 'etag'],
    ['ETag', '"1"'],
    ['Date', DATE],
    ['ETag', '"2"'],
  ]);
  const lines = answerLines(200, list, undefined, 'never');
  assert.deepEqual(lines, [':status', '200', 'x-value', 'etag', 'etag', '"2"', 'date', DATE]);
});
