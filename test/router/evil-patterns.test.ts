// Patterns that are known to take a backtracking engine forever, each with a text that makes it. Wherever a route may have a
// pattern – in a path, in a header, in an expression – it is refused with the reason, or it comes to an end.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { compileRouter, type RouterFlavor, type RouterRoute } from '../../src/gateway/router/router.ts';
import { inputOf } from './cases.ts';

/** What is repeated; the pattern never matches what comes of it. */
const EVIL: readonly (readonly [pattern: string, pump: string])[] = [
  ['(a+)+$', 'a'],
  ['(a*)*$', 'a'],
  ['(a+)*$', 'a'],
  ['(a*)+$', 'a'],
  ['(a?)+$', 'a'],
  ['(a?){50}a{50}$', 'a'],
  ['(a|a)+$', 'a'],
  ['(a|a)*$', 'a'],
  ['(a|aa)+$', 'a'],
  ['(a|a?)+$', 'a'],
  ['(a|b|ab)*$', 'ab'],
  ['(?:a+)+$', 'a'],
  ['(a+){2,}$', 'a'],
  ['(a+){10}$', 'a'],
  ['((a+)+)+$', 'a'],
  ['((a*)*)*$', 'a'],
  ['(.*)*$x', 'a'],
  ['(.+)+x', 'a'],
  ['(.*a){12}$', 'a'],
  ['(.*a){25}', 'a'],
  ['(.*)(.*)(.*)(.*)x', 'a'],
  ['.*.*.*.*.*x', 'a'],
  ['.*a.*a.*a.*a.*x', 'a'],
  ['.+.+.+.+x', 'a'],
  ['a*a*a*a*a*b', 'a'],
  ['a+a+a+a+a+b', 'a'],
  ['(a*a*)*b', 'a'],
  ['(x+x+)+y', 'x'],
  ['(xx+)+y', 'x'],
  ['(x+x)+y', 'x'],
  ['(x*)*y', 'x'],
  ['(x|x)*y', 'x'],
  ['([a-z]+)*[0-9]', 'a'],
  ['([a-zA-Z]+)*$', 'a'],
  ['(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  ['([a-z]*)*!$', 'a'],
  ['([^/]+)+/$', 'a'],
  ['(/[^/]*)*x', '/a'],
  ['(/.*)*x', '/a'],
  ['(/?.*)*x', '/a'],
  ['(?:/[^/]+/?)+x', '/a'],
  ['(\\w+)*$', 'a'],
  ['(\\w+\\s?)*$', 'a '],
  ['(\\w*\\d*)*$', 'a1'],
  ['(\\w|\\d)*$', '1'],
  ['(\\d+)*x', '1'],
  ['(\\d+\\d+)+x', '1'],
  ['(\\d*)*\\.$', '1'],
  ['(\\s+)*x', ' '],
  ['\\s+\\s+\\s+\\s+x', ' '],
  ['(\\S+\\s*)*x', 'a'],
  ['(\\s*\\S*)*x', 'a '],
  ['(\\W*\\w*)*x', 'a-'],
  ['([\\s\\S]*)*x', 'a'],
  ['([\\w.]+)+@', 'a.'],
  ['([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+', 'a'],
  ['[a-zA-Z0-9._%+-]+@([a-zA-Z0-9-]+\\.)+[a-zA-Z]{2,}$', 'a@a.'],
  ['([\\w-]+(\\.[\\w-]+)*)+@', 'a.a'],
  ['(([\\w-]+\\.)+[\\w-]+)*$', 'a.'],
  ['((\\w+)\\.)+(\\w+)+$', 'a.'],
  ['^(?:(?:[a-z0-9]+-?)*[a-z0-9]+)+$', 'a'],
  ['(https?://)?([\\da-z.-]+)\\.([a-z.]{2,6})([/\\w .-]*)*/?$', 'a.aa/'],
  ['(([a-z0-9]+[-.]?)+)+:', 'a'],
  ['(?:[^"\\\\]+|\\\\.)*"', 'a'],
  ['("[^"]*"|[^"]+)*x', 'a'],
  ["('[^']*'|[^']+)*x", 'a'],
  ['(<[^>]*>|[^<]+)*x', 'a'],
  ['(\\(.*\\))*x', '()'],
  ['(\\[.*\\])*x', '[]'],
  ['(\\{.*\\})*x', '{}'],
  ['(.*,){11}x', ','],
  ['(.*?,){11}P', ','],
  ['(?:.*?;)*x', ';'],
  ['(.*;)*x', ';'],
  ['(.*=.*&)*x', 'a=a&'],
  ['(([^=&]+)=([^&]*)&?)*x', 'a=a&'],
  ['([^&]*&?)*x', 'a&'],
  ['(%[0-9a-f]{2}|.)*x', '%41'],
  ['([0-9a-f]+:?)+z', 'a'],
  ['((\\d+,?)+)$x', '1'],
  ['(1|11)*2', '1'],
  ['(0|00|000)+1', '0'],
  ['(ab|a|b)*c', 'ab'],
  ['(a|ab|b)*c', 'ab'],
  ['(ab?)*b?c', 'ab'],
  ['(aa|aab?)*x', 'aab'],
  ['(a{1,5}){1,50}b', 'a'],
  ['(a{0,5})*b', 'a'],
  ['(a{2,3}|a{3,4})*b', 'a'],
  ['(?i)(a|A)*b', 'aA'],
  ['(?i)([a-z]|[A-Z])*1', 'aA'],
  ['(?s)(.|\\n)*x', 'a'],
  ['([a-m]|[g-z])*1', 'h'],
  ['([^a]|[^b])*!!', 'c'],
  ['(.|[a-z])*!!', 'c'],
  ['(\\w+-)*(\\w+)*!!', 'a-'],
  ['(-+|-)*x', '-'],
  ['(-*-*)*x', '-'],
  ['(a+b?)+c', 'a'],
  ['(b?a+)+c', 'a'],
  ['(a(b|c)?)*a*d', 'a'],
  ['^(a+)+(b+)+(c+)+$', 'a'],
];

/** Stops what does not come to an end by itself. */
const FAR_TOO_LONG_MS = 5000;

function run<T>(work: () => T): T {
  return runInNewContext('work()', { work }, { timeout: FAR_TOO_LONG_MS }) as T;
}

const WAYS: Readonly<Record<string, (pattern: string) => Partial<RouterRoute>>> = {
  path: (pattern) => ({ paths: [`~/${pattern}`] }),
  header: (pattern) => ({ headers: { x: [`~*${pattern}`] } }),
  expression: (pattern) => ({ expression: `http.path ~ r#"${pattern}"# || http.headers.x ~ r#"${pattern}"#` }),
};
const FLAVORS: readonly RouterFlavor[] = ['traditional_compatible', 'traditional', 'expressions'];

test('there are a hundred of them', () => assert.ok(new Set(EVIL.map(([pattern]) => pattern)).size >= 100));

for (const flavor of FLAVORS) {
  for (const [way, fields] of Object.entries(WAYS)) {
    if (way === 'expression' && flavor !== 'expressions') continue;
    describe(`${flavor}, in a ${way}`, () => {
      for (const [pattern, pump] of EVIL) {
        test(pattern, () => {
          const route = { id: 'a', protocols: ['http'], ...fields(pattern) };
          const router = run(() => compileRouter([route], { flavor, calculation: 'strict' }));
          if (router.skipped.length > 0) {
            assert.match(
              router.skipped[0]!.reason,
              /exponential|repetitions|too large|not supported|nothing to repeat/,
            );
            return;
          }
          const text = `${pump.repeat(Math.floor(8000 / pump.length))}\u0001`;
          run(() => router.match(inputOf({ method: 'GET', path: `/${text}`, headers: { x: text } })));
          const short = text.slice(-1000);
          run(() => router.match(inputOf({ method: 'GET', path: `/${short}`, headers: { x: short } })));
        });
      }
    });
  }
}
