import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sources } from './expression.ts';
import { compileTemplate, type Scope } from './template.ts';
import type { Table, Value } from './values.ts';

const table = (values: Readonly<Record<string, Value>>): Table => ({
  get: (key) => (Object.hasOwn(values, key) ? values[key] : undefined),
  length: 0,
  text: undefined,
});
const list = (...items: string[]): Table => ({
  get: (key) => (typeof key === 'number' ? items[key - 1] : undefined),
  length: items.length,
  text: items.join(', '),
});

function scopeOf(given: Partial<Sources> = {}): Scope & { reasons: string[] } {
  const reasons: string[] = [];
  return {
    headers: table({ host: 'Example.test', 'x-list': list('a', 'b'), 'x-n': '10', empty: '' }),
    query_params: table({ q: '20', flag: true }),
    uri_captures: table({ user: 'foo' }),
    shared: table({ version: 3 }),
    ...given,
    reasons,
    fail: (reason) => reasons.push(reason),
  };
}

function render(text: string, given?: Partial<Sources>): string | undefined {
  const template = compileTemplate(text);
  assert.ok(template.ok, template.ok ? '' : template.reason);
  return template.render(scopeOf(given));
}

function refusal(text: string): string {
  const template = compileTemplate(text);
  assert.ok(!template.ok, `${text} was accepted`);
  return template.reason;
}

function failure(text: string, given?: Partial<Sources>): string {
  const template = compileTemplate(text);
  assert.ok(template.ok, template.ok ? '' : template.reason);
  const scope = scopeOf(given);
  assert.equal(template.render(scope), undefined);
  return scope.reasons.join();
}

test('text without expressions is constant', () => {
  for (const text of ['', 'v1', 'value:2', '#1', '$$', '$5 (five)', 'a)b']) {
    const template = compileTemplate(text);
    assert.ok(template.ok);
    assert.equal(template.constant, text);
    assert.equal(template.uses.size, 0);
  }
});

test('text outside of expressions and literals become their UTF-8 bytes', () => {
  assert.equal(render('é'), '\u00c3\u00a9');
  assert.equal(render("$('€😀')"), Buffer.from('€😀').toString('latin1'));
});

test('an expression stands anywhere in a value', () => {
  assert.equal(render('/a/$(uri_captures.user)/b/$(query_params.q)'), '/a/foo/b/20');
  assert.equal(render("$(headers['x-n'])$(headers.empty)!"), '10!');
});

test('nil and false render as nothing, true and numbers as text', () => {
  assert.equal(render('<$(headers.nope)>'), '<>');
  assert.equal(render('<$(nil)$(false)>'), '<>');
  assert.equal(
    render('$(true) $(query_params.flag) $(1.5) $(10 / 2) $(0x10) $(1 / 3)'),
    'true true 1.5 5 16 0.33333333333333',
  );
  assert.equal(render('$(2 * 1e20) $(1 / 0) $(0.00001)'), '2e+20 inf 1e-05');
});

test('a repeated header or argument renders as its values joined', () => {
  assert.equal(render("$(headers['x-list'])"), 'a, b');
  assert.equal(render("$(headers['x-list'][2]) $(#headers['x-list'])"), 'b 2');
});

test('or gives defaults; only nil and false are false', () => {
  assert.equal(render("$(uri_captures.none or 'default1')"), 'default1');
  assert.equal(render("$(headers.empty or 'unused')"), '');
  assert.equal(render("$(0 and 'zero counts')"), 'zero counts');
  assert.equal(render("$(not nil) $(false == nil) $(1 == '1') $('a' ~= 'b')"), 'true   true');
  assert.equal(render("$(headers.host == 'Example.test' and 'yes' or 'no')"), 'yes');
});

test('operators bind as in Lua', () => {
  assert.equal(render("$(1 + 2 * 3 .. '')"), '7');
  assert.equal(render('$((1 + 2) * 3)'), '9');
  assert.equal(render("$('a' .. 1 + 1 .. 'b')"), 'a2b');
  assert.equal(render('$(-2 + 5 - 1)'), '2');
  assert.equal(render('$(-7 % 3) $(7 % -3)'), '2 -2');
  assert.equal(render('$(not false == true)'), 'true');
  assert.equal(render("$(headers['x-n'] + 1)"), '11');
  assert.equal(render("$(#'abc' + #headers.host)"), '15');
});

test('type, tostring and tonumber', () => {
  assert.equal(
    render('$(type(headers.host)) $(type(headers)) $(type(headers.nope)) $(type(1)) $(type(true))'),
    'string table nil number boolean',
  );
  assert.equal(
    render("$(tostring(nil)) $(tostring(1.50)) $(tonumber(' 0x1F ') + 1) $(tonumber('1e2x') or 'none')"),
    'nil 1.5 32 none',
  );
});

test('methods of texts count bytes from one', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['headers.host:upper()', 'EXAMPLE.TEST'],
    ['headers.host:lower()', 'example.test'],
    ['headers.host:len()', '12'],
    ['headers.host:sub(1, 3)', 'Exa'],
    ['headers.host:sub(-4)', 'test'],
    ['headers.host:sub(5, 4)', ''],
    ["('ab'):rep(3)", 'ababab'],
    ["('ab'):rep(-1)", ''],
    ["headers.host:find('test')", '9'],
    ["headers.host:find('.')", '1'],
    ["headers.host:find('.', 1, true)", '8'],
    ["headers.host:find('none')", ''],
    ["headers.host:find('t', -1)", '12'],
    ["headers.host:match('^(%a+)%.')", 'Example'],
    ["headers.host:match('%.(%w+)$')", 'test'],
    ["headers.host:match('[aeiou]+')", 'a'],
    ["headers.host:match('%d')", ''],
    ["('key=value'):match('(%w+)=(%w+)')", 'key'],
    ["('  x  '):match('^%s*(.-)%s*$')", 'x'],
    ["('[tag]'):match('[]]')", ']'],
    ["('a-b'):match('[a%-]+')", 'a-'],
    ["('colour'):match('colou?r')", 'colour'],
    ["headers.host:gsub('%.', '-')", 'Example-test'],
    ["headers.host:gsub('e', 'E', 1)", 'ExamplE.test'],
    ["('hello world'):gsub('(%w+)', '<%1>')", '<hello> <world>'],
    ["('abc'):gsub('', '-')", '-a-b-c-'],
    ["('100'):gsub('0', '%%')", '1%%'],
    ["('%s is %d%%'):format('x', 3.7)", 'x is 3%'],
  ];
  for (const [expression, expected] of cases) assert.equal(render(`$(${expression})`), expected, expression);
});

test('quotes, escapes and parentheses in literals do not end an expression', () => {
  assert.equal(render("$('$(uri_captures.user)')"), '$(uri_captures.user)');
  assert.equal(render(`$("a)b" .. '\\'' .. "\\65\\x42\\n")`), "a)b'AB\n");
});

test('a template names the sources that it reads', () => {
  const template = compileTemplate("$(headers.a)$(type(shared) .. (query_params.b or ''))");
  assert.ok(template.ok);
  assert.deepEqual([...template.uses].sort(), ['headers', 'query_params', 'shared']);
});

test('what is not an expression of the subset is refused by name', () => {
  assert.match(refusal("$(os.execute('id'))"), /'os' is not available/);
  assert.match(refusal('$(kong.request.get_path())'), /'kong' is not available/);
  assert.match(refusal("$(require('x'))"), /'require' is not available/);
  assert.match(refusal('$(string.upper("x"))'), /'string' is not available/);
  assert.match(refusal('$(shared.x = 1)'), /assignment/);
  assert.match(refusal('$(function() return 1 end)'), /'function' is not supported/);
  assert.match(refusal('$(local x)'), /'local' is not supported/);
  assert.match(refusal('$(if)'), /'if' is not supported/);
  assert.match(refusal('$({})'), /'\{' is not supported/);
  assert.match(refusal('$(2 ^ 3)'), /'\^' is not supported/);
  assert.match(refusal('$(1 < 2)'), /'<' is not supported/);
  assert.match(refusal('$(headers.host:byte())'), /method 'byte'/);
  assert.match(refusal('$(headers.host:dump())'), /method 'dump'/);
  assert.match(refusal('$(headers.host())'), /can be called/);
  assert.match(refusal('$(type)'), /expected '\('/);
  assert.match(refusal('$(type())'), /one argument/);
  assert.match(refusal("$('x':upper())"), /':' is not supported here/);
  assert.match(refusal('$([[x]])'), /'\[' is not supported/);
  assert.match(refusal('$(a; b)'), /'a' is not available/);
  assert.match(refusal('$(1; 2)'), /';' is not supported/);
  assert.match(refusal('$(1 -- x)'), /'--' is not supported/);
  assert.match(refusal('$()'), /incomplete/);
  assert.match(refusal('$(1 +)'), /incomplete/);
  assert.match(refusal('$(headers.host'), /not closed/);
  assert.match(refusal("$('abc)"), /not closed/);
  assert.match(refusal('$(@)'), /unexpected '@'/);
  assert.match(refusal(`$(${'('.repeat(500)}1${')'.repeat(500)})`), /too long/);
});

test('names of properties that every object has are not values', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    assert.equal(render(`$(headers.${name})$(uri_captures['${name}'])$(shared.${name})`), '');
    assert.match(refusal(`$(${name})`), /not available/);
    assert.match(refusal(`$(headers.host:${name}())`), /is not supported/);
  }
});

test('an expression that fails leaves no value and says why', () => {
  assert.match(failure('$(10 * uri_captures.user)'), /arithmetic on a string/);
  assert.match(failure('$(headers.nope.x)'), /nil value has no members/);
  assert.match(failure("$('a' .. nil)"), /concatenation with a nil/);
  assert.match(failure('$(headers.nope:upper())'), /nil value has no method/);
  assert.match(failure('$(#nil)'), /length of a nil/);
  assert.match(failure('$(headers)'), /table/);
  assert.match(failure("$(('x'):rep('y'))"), /must be a number/);
  assert.match(failure("$(('%x'):format(1))"), /%x is not supported/);
  assert.match(failure("$(('x'):match('(x'))"), /unfinished capture/);
  assert.match(failure("$(('x'):match('[x'))"), /set without/);
  assert.match(failure("$(('x'):match('%bxy'))"), /%b is not supported/);
});

test('no text grows beyond 64 KiB', () => {
  assert.equal(render("$(('x'):rep(65536):len())"), '65536');
  assert.match(failure("$(('x'):rep(65537))"), /more than 65536/);
  assert.match(failure("$(('x'):rep(1e300))"), /more than 65536/);
  assert.match(failure("$(('x'):rep(40000) .. ('x'):rep(40000))"), /more than 65536/);
  assert.match(failure("$(('x'):rep(40000):gsub('x', 'yy'))"), /more than 65536/);
  assert.match(failure(`$(('x'):rep(40000))$(('x'):rep(40000))`), /more than 65536/);
});

test('a pattern that would take long on a hostile text fails instead', () => {
  const hostile = table({ h: 'a'.repeat(8000) });
  assert.match(failure("$(headers.h:match('.-.-.-.-b'))", { headers: hostile }), /too many steps/);
  assert.match(failure("$(headers.h:match('a*a*a*a*b'))", { headers: hostile }), /too many steps/);
  assert.match(failure("$(headers.h:gsub('a*b', ''))", { headers: hostile }), /too many steps/);
});

test('only expressions are encoded, not the text around them', () => {
  const template = compileTemplate("/x?y/$(query_params.q .. '?')");
  assert.ok(template.ok);
  assert.equal(
    template.render(scopeOf(), (text) => text.replace('?', '%3F')),
    '/x?y/20%3F',
  );
});
