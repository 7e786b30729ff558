// The functions of rules, one by one, and the schemas they check, next to an independent validator.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { FUNCTIONS, type LintFunction } from '../../../src/control/lint/functions.ts';
import { checkSchema } from '../../../src/control/lint/json-schema.ts';
import { parseRuleset, type Ruleset, readExtends } from '../../../src/control/lint/ruleset.ts';
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
  ['pattern', { match: '(?i)^a', notMatch: '\\d$' }, ['Ab', 'ab'], ['b', 'A1']],
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
  ['or', { properties: ['a', 'b'] }, [{ a: 1 }, { a: 1, b: 2 }, 'x'], [{}, { c: 1 }]],
  [
    'typedEnum',
    {},
    [{ type: 'string', enum: ['a'] }, { type: ['integer', 'null'], enum: [1, null] }, { enum: [1] }, 'x'],
    [
      { type: 'string', enum: ['a', 1] },
      { type: 'integer', enum: [1.5] },
    ],
  ],
  ['schema', { schema: { type: 'string' } }, ['a', undefined], [1, null]],
  ['schema', { schema: { pattern: '(' } }, [1], ['a']],
];

describe('a function', () => {
  for (const [name, options, right, wrong] of CASES) {
    it(`${name} ${JSON.stringify(options)}`, () => {
      const run = make(name, options);
      for (const value of right) assert.deepEqual(run(value, null), [], `${JSON.stringify(value)} is right`);
      for (const value of wrong) assert.ok(run(value, null).length > 0, `${JSON.stringify(value)} is wrong`);
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
      ['or', {}],
      ['unreferencedReusableObject', {}],
    ];
    for (const [name, options] of bad) assert.equal(typeof FUNCTIONS[name]!(options), 'string', name);
  });
});

describe('what is kept to be referred to', () => {
  it('must be referred to', () => {
    const run = make('unreferencedReusableObject', { reusableObjectsLocation: '#/shared' });
    const file = {
      shared: { used: 1, 'a/b': 2, idle: 3 },
      list: [{ $ref: '#/shared/used' }, { $ref: '#/shared/a~1b' }],
    };
    assert.deepEqual(run(file.shared, file), [{ message: 'must be referred to', path: ['idle'] }]);
  });
});

const SOURCE = { name: 'rules.yaml', text: '' };
const LOOK = Object.fromEntries([
  ['given', '$'],
  ['then', { function: 'truthy' }],
]);
const base = (content: JsonObject): Ruleset => ({ source: SOURCE, content, extended: [] });

function rulesOf(ruleset: Ruleset): Record<string, string> {
  const parsed = parseRuleset(ruleset);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return Object.fromEntries(parsed.rules.map(({ name, severity, given }) => [name, `${severity} ${given.join()}`]));
}

describe('a ruleset', () => {
  const shared = base({
    aliases: { Top: '$', All: ['#Top.services[*]', '#Top.routes[*]'] },
    rules: {
      strict: { ...LOOK, severity: 'error' },
      optional: { ...LOOK, recommended: false },
      aliased: { ...LOOK, given: '#All.name' },
    },
  });

  it('runs what it recommends', () => {
    assert.deepEqual(rulesOf(shared), { strict: 'error $', aliased: 'warn $.services[*].name,$.routes[*].name' });
  });

  it('switches and changes the rules that it extends', () => {
    const rules: JsonObject = { strict: 'hint', optional: true, aliased: { given: '#Own' }, mine: LOOK };
    const ruleset = {
      ...base({ aliases: { Own: '$.plugins' }, rules }),
      extended: [{ ruleset: shared, mode: 'recommended' as const }],
    };
    assert.deepEqual(rulesOf(ruleset), {
      strict: 'hint $',
      optional: 'warn $',
      aliased: 'warn $.plugins',
      mine: 'warn $',
    });
    const without = { ...ruleset, content: { rules: { strict: 'off', aliased: false } } };
    assert.deepEqual(rulesOf(without), {});
    const again = {
      ...base({ rules: { strict: 'warn' } }),
      extended: [{ ruleset: without, mode: 'recommended' as const }],
    };
    assert.deepEqual(rulesOf(again), { strict: 'warn $' });
  });

  it('takes everything of another one, or only what it switches on', () => {
    const everything = { ...base({}), extended: [{ ruleset: shared, mode: 'all' as const }] };
    assert.deepEqual(Object.keys(rulesOf(everything)), ['strict', 'optional', 'aliased']);
    const chosen = { ...base({ rules: { strict: true } }), extended: [{ ruleset: shared, mode: 'off' as const }] };
    assert.deepEqual(rulesOf(chosen), { strict: 'error $' });
  });

  it('refuses what it cannot do, with places', () => {
    const places = (content: JsonObject): unknown[] => {
      const parsed = parseRuleset(base(content));
      return [...readExtends(SOURCE, content).problems, ...(parsed.ok ? [] : parsed.problems)].map(({ path }) => path);
    };
    assert.deepEqual(places({ extends: 'spectral:oas', rules: {} }), [['extends']]);
    assert.deepEqual(places({ extends: ['a.yaml', ['b.yaml', 'some']], rules: {} }), [['extends', 1]]);
    assert.deepEqual(places({ overrides: [], rules: {} }), [['overrides']]);
    assert.deepEqual(places({ rules: { unknown: 'warn' } }), [['rules', 'unknown']]);
    const circle = { aliases: { A: '#B', B: '#A' }, rules: { a: { ...LOOK, given: '#A' } } };
    assert.deepEqual(places(circle), [['rules', 'a', 'given']]);
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
    // Without bounds the other validator carries the verdict on one array over to the next.
    fc.record({ contains: tie('schema'), minContains: fc.constant(1), maxContains: fc.constant(99) }),
    fc.record({ prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), items: tie('schema') }),
    fc.record({ dependentRequired: fc.constantFrom({ a: ['b'] }, { ab: ['a', 'b'] }) }),
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

  it('follows references in every place that holds a schema', () => {
    const $defs = { short: { maxLength: 2 } };
    const short = { $ref: '#/$defs/short' };
    assert.equal(checkSchema({ $defs, contains: short }, ['abc']).length, 1);
    assert.deepEqual(checkSchema({ $defs, contains: short }, ['ab']), []);
    assert.equal(checkSchema({ $defs, propertyNames: short }, { abc: 1 }).length, 1);
  });

  it('is walked once for each place, however often it refers to itself', () => {
    const $defs: JsonObject = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `d${i}`,
        { anyOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
      ]),
    );
    assert.equal(checkSchema({ $defs: { ...$defs, d60: { type: 'string' } }, $ref: '#/$defs/d0' }, 1).length, 1);
    assert.deepEqual(checkSchema({ allOf: [{ $ref: '#' }, { $ref: '#' }] }, 1), []);
  });

  it('knows what is repeated, whatever the order of its keys', () => {
    const list = Array.from({ length: 50_000 }, (_, a) => ({ a, b: 1 }));
    assert.deepEqual(checkSchema({ uniqueItems: true }, list), []);
    assert.equal(checkSchema({ uniqueItems: true }, [...list, { b: 1, a: 7 }]).length, 1);
  });
});
