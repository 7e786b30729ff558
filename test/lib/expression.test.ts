// The language of expressions: what is refused and how the place is shown, and what the rest means.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { connectionFields, requestFields } from '../../src/entities/route-fields.ts';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';
import { compileExpression, type FieldValue, newTrace } from '../../src/lib/expression/evaluate.ts';
import { parseExpression } from '../../src/lib/expression/parse.ts';
import { type Expression, testsOf } from '../../src/lib/expression/tree.ts';

type Values = Readonly<Record<string, string | number | readonly string[]>>;

interface Case {
  readonly id: string;
  readonly of: 'requests' | 'connections';
  readonly expression: string;
  /** Part of the reason, and line:column of the place that is shown with it. */
  readonly refused?: string;
  readonly at?: string;
  readonly fields?: readonly string[];
  readonly on?: readonly {
    readonly values: Values;
    readonly holds: boolean;
    readonly matchedPath?: string;
    readonly captures?: Readonly<Record<string, string>>;
  }[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/router/expression-language.json', import.meta.url), 'utf8'),
) as Case[];

const tables = {
  requests: { ...requestFields, aliases: {} },
  connections: connectionFields,
};

const parse = (text: string, of: Case['of'] = 'requests') =>
  parseExpression(text, { table: tables[of], encode: utf8ToBytes });

function treeOf(text: string): Expression {
  const parsed = parse(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.reason);
  return parsed.expression;
}

function evaluate(expression: Expression, values: Values) {
  const trace = newTrace('');
  const read =
    (field: string) =>
    (given: Values): FieldValue => {
      const value = given[field];
      return typeof value === 'string' ? utf8ToBytes(value) : value;
    };
  return { holds: compileExpression<Values>(expression, { read, traced: 'http.path' })(values, trace), trace };
}

const reasonOf = (text: string): string => {
  const parsed = parse(text);
  assert.ok(!parsed.ok, `${text} was accepted`);
  return parsed.reason;
};

describe('expressions', () => {
  for (const { id, of, expression, refused, at, fields, on = [] } of cases) {
    test(`${id}: ${expression}`, () => {
      const parsed = parse(expression, of);
      if (refused !== undefined) {
        assert.ok(!parsed.ok);
        assert.ok(parsed.reason.includes(refused), parsed.reason);
        if (at !== undefined) assert.ok(parsed.reason.startsWith(` --> ${at}\n`), parsed.reason);
        return;
      }
      assert.ok(parsed.ok, parsed.ok ? '' : parsed.reason);
      assert.deepEqual([...new Set([...testsOf(parsed.expression)].map(({ field }) => field))].sort(), fields);
      for (const { values, holds, matchedPath, captures } of on) {
        const found = evaluate(parsed.expression, values);
        assert.equal(found.holds, holds, JSON.stringify(values));
        if (matchedPath !== undefined) assert.equal(found.trace.matched, utf8ToBytes(matchedPath));
        if (captures !== undefined) assert.deepEqual({ ...found.trace.unnamed, ...found.trace.named }, captures);
      }
    });
  }
});

test('an error shows the line and marks the place', () => {
  assert.equal(
    reasonOf('http.method == "GET" &&\nhttp.path = "/"'),
    [' --> 2:11', '  |', '2 | http.path = "/"', '  |           ^---', '  |', '  = expected binary_operator'].join('\n'),
  );
  assert.equal(
    reasonOf('http.path ~ r#"a(?=b)"#'),
    [
      ' --> 1:13',
      '  |',
      '1 | http.path ~ r#"a(?=b)"#',
      '  |             ^---------^',
      '  |',
      '  = regex parse error:',
      '    a(?=b)',
      'error: look-around, including look-ahead and look-behind, is not supported',
    ].join('\n'),
  );
});

test('the mark stands under the place behind tabs too, and what a literal is comes before what it may be', () => {
  assert.ok(reasonOf('http.path\t= "/"').includes('1 | http.path\t= "/"\n  |          \t^---\n'));
  assert.match(reasonOf('http.path ~ 10.0.0.0/33'), /Network length 33 is too long/);
  assert.match(reasonOf('http.path ~ 10.0.0.0/8'), /regex operator can only be used with String operands/);
});

test('what follows a whole expression has to join another one to it', () => {
  assert.match(reasonOf('http.path == "/" http.path == "/"'), /expected EOI, and_op, or or_op/);
  assert.match(reasonOf('(http.path == "/"'), /expected and_op or or_op/);
});

test('what is missing is named where it is missing', () => {
  const at = (text: string): string => {
    const lines = reasonOf(text).split('\n');
    return `${lines[0]!.trim()} ${lines.at(-1)!.trim()}`;
  };
  assert.equal(at('lower(http.path == "/"'), '--> 1:7 = expected transform_func');
  assert.equal(at('any(lower(http.path) == "/"'), '--> 1:11 = expected transform_func');
  assert.equal(at('lower() == "/"'), '--> 1:7 = expected lhs');
  assert.equal(at('http.path == "/'), '--> 1:16 = expected str_char or str_esc');
  assert.equal(at('http.path == "\\x"'), '--> 1:15 = expected str_char or str_esc');
  assert.equal(at('http.path == r#"/"'), '--> 1:19 = expected rawstr_char');
  assert.equal(at('net.dst.port == 0x'), '--> 1:19 = expected hex_digits');
});

test('a group is named behind a P', () => {
  assert.ok(parse('http.path ~ r#"^/(?P<id>\\d+)"#').ok);
  assert.match(reasonOf('http.path ~ r#"^/(?<id>\\d+)"#'), /^ --> 1:13\n[\s\S]*\nerror: unrecognized flag$/);
});

test('numbers are 64 bits wide, in three notations', () => {
  for (const text of ['9223372036854775807', '-9223372036854775807', '0x7fffffffffffffff', '0777']) {
    assert.ok(parse(`net.dst.port == ${text}`).ok, text);
  }
  assert.match(reasonOf('net.dst.port == 9223372036854775808'), /number too large to fit in target type/);
  assert.match(reasonOf('net.dst.port == -9223372036854775808'), /number too large to fit in target type/);
  assert.equal(evaluate(treeOf('net.dst.port == 010'), { 'net.dst.port': 8 }).holds, true);
});

test('between `not` and `in` there may be any white space, or none', () => {
  for (const operator of ['not in', 'not  in', 'not\tin', 'not\nin', 'notin']) {
    const tree = treeOf(`net.src.ip ${operator} 10.0.0.0/8`);
    assert.equal(evaluate(tree, { 'net.src.ip': '11.0.0.1' }).holds, true, operator);
    assert.equal(evaluate(tree, { 'net.src.ip': '10.0.0.1' }).holds, false, operator);
  }
});

test('addresses in every notation', () => {
  const holds = (expression: string, ip: string): boolean => evaluate(treeOf(expression), { 'net.src.ip': ip }).holds;
  assert.ok(holds('net.src.ip == ::1', '0:0:0:0:0:0:0:1'));
  assert.ok(holds('net.src.ip == 2001:db8::a:b', '2001:DB8:0:0:0:0:A:B'));
  assert.ok(holds('net.src.ip == ::ffff:1.2.3.4', '::ffff:102:304'));
  assert.ok(holds('net.src.ip in ::/0', 'fe80::1'));
  assert.ok(!holds('net.src.ip in 0.0.0.0/0', 'fe80::1'));
  assert.ok(holds('net.src.ip in 0.0.0.0/0', '255.255.255.255'));
  assert.ok(holds('net.src.ip in 2001:db8:8000::/33', '2001:db8:ffff::1'));
  assert.ok(!holds('net.src.ip in 2001:db8:8000::/33', '2001:db8:7fff::1'));
  assert.ok(holds('net.src.ip in 1.2.3.4/32', '1.2.3.4'));
  assert.match(reasonOf('net.src.ip in 2001:db8::1/64'), /host part of address was not zero/);
  assert.match(reasonOf('net.src.ip == 1:2:3:4:5:6:7:8:9'), /invalid IPv6 address syntax/);
});

test('parentheses nested without end are refused, not followed', () => {
  assert.match(reasonOf('('.repeat(100_000)), /expected/);
  assert.match(reasonOf('!('.repeat(100_000)), /expected/);
  assert.match(reasonOf(`${'lower('.repeat(100_000)}http.path`), /expected/);
  assert.ok(parse(`${'('.repeat(100)}http.path == "/"${')'.repeat(100)}`).ok);
});

test('any text is either read or refused with a place', () => {
  const words = fc.constantFrom(
    'http.path',
    'net.dst.port',
    'net.src.ip',
    'lower(',
    'any(',
    '(',
    ')',
    '!',
    '&&',
    '||',
    '==',
    '!=',
    '~',
    '^=',
    '=^',
    'in',
    'not in',
    'contains',
    '"a"',
    'r#"b"#',
    '1',
    '0x',
    '10.0.0.0/8',
    '::1',
    ' ',
    '\n',
    '"',
    'r#"',
    '\\',
    'é',
    '😀',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
      const parsed = parse(parts.join(' '));
      if (!parsed.ok) assert.ok(parsed.reason.length > 0);
    }),
    { numRuns: 3000 },
  );
});

test('and, or and not are those of logic, and `or` binds tighter', () => {
  interface Node {
    readonly text: string;
    readonly value: boolean;
  }
  const leaf = fc.boolean().map((value): Node => ({ text: `http.method ${value ? '==' : '!='} "G"`, value }));
  const { node } = fc.letrec<{ node: Node; or: Node; and: Node; not: Node }>((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, leaf, tie('or'), tie('and'), tie('not')),
    or: fc
      .tuple(tie('node'), tie('node'))
      .map(([a, b]) => ({ text: `((${a.text}) || (${b.text}))`, value: a.value || b.value })),
    and: fc
      .tuple(tie('node'), tie('node'))
      .map(([a, b]) => ({ text: `((${a.text}) && (${b.text}))`, value: a.value && b.value })),
    not: tie('node').map(({ text, value }) => ({ text: `!(${text})`, value: !value })),
  }));
  fc.assert(
    fc.property(node, ({ text, value }) => {
      assert.equal(evaluate(treeOf(text), { 'http.method': 'G' }).holds, value);
    }),
    { numRuns: 1000 },
  );
  const flat = fc.array(fc.tuple(fc.constantFrom('&&', '||'), fc.boolean()), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(flat, (items) => {
      const text = items.map(
        ([operator, value], i) => `${i === 0 ? '' : operator} http.method ${value ? '==' : '!='} "G"`,
      );
      const groups = [[true]].slice(1);
      for (const [i, [operator, value]] of items.entries()) {
        if (i === 0 || operator === '&&') groups.push([value]);
        else groups[groups.length - 1]!.push(value);
      }
      const expected = groups.every((group) => group.some((value) => value));
      assert.equal(evaluate(treeOf(text.join(' ')), { 'http.method': 'G' }).holds, expected);
    }),
  );
});
