// The functions of rules, one by one, and the schemas they check, next to an independent validator.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { FUNCTIONS, type LintFunction } from '../../../src/control/lint/functions.ts';
import { checkSchema } from '../../../src/control/lint/json-schema.ts';
import type { Json, JsonObject } from '../../../src/lib/json.ts';

function make(name: string, options: JsonObject = {}): LintFunction {
  const made = FUNCTIONS[name]!(options);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

/** function, options, values that pass, values that do not */
const CASES: [string, JsonObject, (Json | undefined)[], (Json | undefined)[]][] = [
  ['truthy', {}, [1, 'a', true, [], {}], [0, '', false, null, undefined]],
  ['falsy', {}, [0, '', false, null, undefined], [1, 'a', true, [], {}]],
  ['defined', {}, [null, 0, ''], [undefined]],
  ['undefined', {}, [undefined], [null, 0, '']],
  ['pattern', { match: '^a' }, ['ab', undefined, [], {}], ['ba', 1, true]],
  ['pattern', { match: '/^A/i', notMatch: 'z$' }, ['ab', 'A'], ['az', 'b']],
  ['pattern', { match: '^true$' }, [true, 'true'], [false]],
  ['casing', { type: 'flat' }, ['abc', 'abc1', '', 3], ['aBc', 'a-b', 'a_b']],
  ['casing', { type: 'flat', disallowDigits: true }, ['abc'], ['abc1']],
  ['casing', { type: 'camel' }, ['camel', 'camelCase', 'camelCase2'], ['CamelCase', 'camel-case', 'camel_case']],
  ['casing', { type: 'pascal' }, ['Pascal', 'PascalCase'], ['pascalCase', 'Pascal-Case']],
  ['casing', { type: 'kebab' }, ['kebab', 'kebab-case', 'kebab-2'], ['kebab_case', 'Kebab', '-kebab', 'kebab-']],
  ['casing', { type: 'cobol' }, ['COBOL-CASE'], ['Cobol-Case', 'COBOL_CASE']],
  ['casing', { type: 'snake' }, ['snake_case'], ['snake-case', 'snake__case', '_snake']],
  ['casing', { type: 'macro' }, ['MACRO_CASE'], ['MACRO-CASE', 'macro_case']],
  ['casing', { type: 'pascal', separator: { char: '-' } }, ['X-Rate-Limit', 'Header'], ['x-rate', '-X', 'X--Y']],
  ['casing', { type: 'pascal', separator: { char: '-', allowLeading: true } }, ['-X-Y', 'X'], ['--X']],
  ['enumeration', { values: ['a', 1, null] }, ['a', 1, null, undefined, []], ['b', 2, '1']],
  ['length', { min: 2, max: 3 }, ['ab', [1, 2, 3], { a: 1, b: 2 }, 2, undefined, true], ['a', [], 4, { a: 1 }]],
  ['alphabetical', {}, [['a', 'b', 'b'], { a: 1, b: 2 }, ['a2', 'a10'], 'x'], [['b', 'a'], { b: 1, a: 2 }]],
  ['alphabetical', { keyedBy: 'name' }, [[{ name: 'a' }, { name: 'b' }]], [[{ name: 'b' }, { name: 'a' }]]],
  ['xor', { properties: ['a', 'b'] }, [{ a: 1 }, { b: null, c: 1 }, 'x'], [{}, { a: 1, b: 2 }]],
  ['schema', { schema: { type: 'string' } }, ['a', undefined], [1, null]],
];

describe('a function', () => {
  for (const [name, options, right, wrong] of CASES) {
    it(`${name} ${JSON.stringify(options)}`, () => {
      const run = make(name, options);
      for (const value of right) assert.deepEqual(run(value), [], `${JSON.stringify(value)} is right`);
      for (const value of wrong) assert.ok(run(value).length > 0, `${JSON.stringify(value)} is wrong`);
    });
  }

  it('refuses options that make no sense', () => {
    const bad: [string, JsonObject][] = [
      ['pattern', {}],
      ['pattern', { match: '(' }],
      ['casing', { type: 'shouting' }],
      ['enumeration', { values: 'a' }],
      ['length', {}],
      ['schema', {}],
      ['alphabetical', { keyedBy: 1 }],
      ['xor', { properties: ['a'] }],
    ];
    for (const [name, options] of bad) assert.equal(typeof FUNCTIONS[name]!(options), 'string', name);
  });
});

const ajv = new Ajv2020({ strict: false, allErrors: true });
const part = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object') }),
    fc.record({ enum: fc.uniqueArray(fc.constantFrom<Json>('a', 1, null, true), { minLength: 1 }) }),
    fc.record({ const: fc.constantFrom<Json>('a', 1, [1], { a: 1 }) }),
    fc.record({ minLength: fc.nat(3), maxLength: fc.nat(5), pattern: fc.constantFrom('^a', 'b$', '[0-9]') }),
    fc.record({ minimum: fc.nat(3), exclusiveMaximum: fc.nat(9), multipleOf: fc.constantFrom(1, 2) }),
    fc.record({ minItems: fc.nat(2), maxItems: fc.nat(4), uniqueItems: fc.boolean(), items: tie('schema') }),
    fc.record({ contains: tie('schema') }),
    fc.record({
      required: fc.uniqueArray(fc.constantFrom('a', 'b')),
      properties: fc.record({ a: tie('schema') }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      minProperties: fc.nat(2),
    }),
    fc.record({ patternProperties: fc.record({ '^a': tie('schema') }), propertyNames: fc.constant({ maxLength: 2 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('schema') }),
    fc.tuple(tie('schema'), tie('schema'), tie('schema')).map(([a, b, c]) =>
      Object.fromEntries([
        ['if', a],
        ['then', b],
        ['else', c],
      ]),
    ),
  ) as fc.Arbitrary<JsonObject>,
})).schema;
const sample = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>('a', 'ab', 'xb', '1', '', 0, 1, 2, 5, 1.5, true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'abc'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

describe('a schema', () => {
  it('passes exactly what an independent validator passes', () => {
    fc.assert(
      fc.property(part, sample, (schema, value) => {
        assert.equal(checkSchema(schema, value).length === 0, ajv.validate(schema, value));
      }),
      { numRuns: 3000 },
    );
  });

  it('follows references into itself', () => {
    const schema = {
      $ref: '#/definitions/node',
      definitions: { node: { properties: { next: { $ref: '#/definitions/node' } }, required: ['id'] } },
    };
    assert.deepEqual(checkSchema(schema, { id: 1, next: { id: 2 } }), []);
    assert.deepEqual(checkSchema(schema, { id: 1, next: {} })[0]?.path, ['next']);
  });
});
