// What may be written as a route, by the flavour of the router.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSchemas, type RouterFlavor } from '../../src/entities/registry.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { describeEntity } from '../../src/schema/describe.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { readFixture } from './cases.ts';

const PREFIX = 'Router Expression failed validation: ';

function check(flavor: RouterFlavor, route: JsonObject): string {
  const schemas = createSchemas(pluginSchemas, { routerFlavor: flavor });
  const made = processEntity(schemas, schemaOf(schemas, 'routes'), route, { auto: { now: () => 1_700_000_000_000 } });
  return made.ok ? 'ok' : JSON.stringify(made.errors);
}

describe('routes with expressions', () => {
  interface Case {
    readonly id: string;
    readonly route: JsonObject;
    readonly valid: boolean;
    readonly error?: string;
  }
  for (const { id, route, valid, error } of readFixture<Case[]>('expression-routes')) {
    test(`${id}: ${JSON.stringify(route)}`, () => {
      const found = check('expressions', route);
      assert.equal(found === 'ok', valid, found);
      if (error !== undefined) assert.ok(found.includes(error), found);
    });
  }

  test('an expression that cannot be read is refused as a whole, with the place', () => {
    assert.equal(
      check('expressions', { expression: 'http.path = "/"' }),
      JSON.stringify({
        '@entity': [
          `${PREFIX} --> 1:11\n  |\n1 | http.path = "/"\n  |           ^---\n  |\n  = expected binary_operator`,
        ],
      }),
    );
  });

  test('segments have to be a number, two in order, or len', () => {
    const on = (label: string) => check('expressions', { expression: `http.path.segments.${label} == "a"` });
    assert.equal(on('0'), 'ok');
    assert.equal(on('0_12'), 'ok');
    for (const label of ['2_1', '1_1', '01', '0_01', 'a', 'len_a']) {
      assert.equal(on(label), JSON.stringify({ '@entity': [`${PREFIX}illformed http.path.segments.* field`] }), label);
    }
  });

  test('regex_priority orders paths, not expressions', () => {
    const found = check('expressions', { expression: 'http.path ^= "/"', regex_priority: 1 });
    assert.ok(found.includes(`${PREFIX}cannot set 'regex_priority' with 'expression' simultaneously`), found);
  });

  test('fields in place of an expression still do, and then sources are allowed', () => {
    assert.equal(check('expressions', { paths: ['/'] }), 'ok');
    assert.equal(check('expressions', { paths: ['/'], sources: [{ ip: '10.0.0.0/8' }] }), 'ok');
    assert.match(check('traditional_compatible', { paths: ['/'], sources: [{ ip: '10.0.0.0/8' }] }), /cannot set/);
  });
});

test('the other flavours do not know expressions', () => {
  for (const flavor of ['traditional_compatible', 'traditional'] as const) {
    assert.match(check(flavor, { expression: 'http.path ^= "/"' }), /"expression":"unknown field"/);
  }
});

test('the traditional flavour has no wildcards in server names, but regular expressions that look around', () => {
  const tls = { protocols: ['https'], paths: ['/'] };
  assert.equal(check('traditional_compatible', { ...tls, snis: ['*.a.test'] }), 'ok');
  assert.notEqual(check('traditional', { ...tls, snis: ['*.a.test'] }), 'ok');
  assert.equal(check('traditional', { ...tls, snis: ['a.test'] }), 'ok');
  assert.equal(check('traditional', { paths: ['~/a(?!b)'] }), 'ok');
  assert.match(check('traditional_compatible', { paths: ['~/a(?!b)'] }), /look-around is not supported/);
});

describe('a pattern for a header that cannot be compiled is refused, as one for a path is', () => {
  const of = (...values: string[]) => ({ headers: { version: values } });

  test('by default in every value, with the reason', () => {
    assert.match(check('traditional_compatible', of('~*^v(')), /"invalid regex: '\^v\(' \(/);
    assert.match(check('expressions', of('~*^v(')), /"invalid regex: '\^v\(' \(/);
    assert.match(check('traditional_compatible', of('1', '~*^v(')), /"invalid regex: '\^v\(' \(/);
    assert.match(check('traditional_compatible', of('~*v(?!1)')), /look-around is not supported/);
    assert.match(check('traditional_compatible', of('~*(a+)+$')), /exponential time/);
    assert.equal(check('traditional_compatible', of('~*^v[0-9]+$', '(', 'v(1')), 'ok');
  });

  test('in the traditional flavour in a value that stands alone, which may look around', () => {
    assert.match(check('traditional', of('~*^v(')), /"invalid regex: '\^v\(' \(/);
    assert.match(check('traditional', of('~*(a+)+$')), /exponential time/);
    assert.equal(check('traditional', of('~*v(?!1)')), 'ok');
    assert.equal(check('traditional', of('1', '~*^v(')), 'ok');
  });
});

test('the schema of routes shows expression and priority where they exist', () => {
  const names = (flavor: RouterFlavor) => {
    const schemas = createSchemas(pluginSchemas, { routerFlavor: flavor });
    const { fields } = describeEntity(schemaOf(schemas, 'routes')) as unknown as { fields: JsonObject[] };
    return fields.flatMap((field) => Object.keys(field));
  };
  assert.ok(names('expressions').includes('expression') && names('expressions').includes('priority'));
  assert.ok(!names('traditional_compatible').includes('expression'));
});
