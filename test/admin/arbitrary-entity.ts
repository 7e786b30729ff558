// Bodies made from schemas: mostly what a field asks for, often nearly, sometimes something else altogether.
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import type { EntitySchema, Field, Fields } from '../../src/schema/define.ts';

const nonsense: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 1e308, '', ' ', '\u0000', 'é', '😀', [], {}, [null], [[]]),
  fc.string({ maxLength: 40 }),
  fc.integer(),
  fc.array(fc.oneof(fc.string({ maxLength: 5 }), fc.integer(), fc.constant(null)), {
    maxLength: 4,
  }) as fc.Arbitrary<Json>,
  fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(fc.string({ maxLength: 5 }), fc.integer()), {
    maxKeys: 3,
  }) as fc.Arbitrary<Json>,
);

const words = fc.constantFrom(
  'a.test',
  'http',
  'https',
  '/',
  '/a/../b',
  '~/x(',
  '~/(a+)+$',
  '127.0.0.1',
  '[::1]:80',
  '*.test',
  'GET',
  '{vault://env/x}',
  '11111111-1111-4111-8111-111111111111',
  '%2',
  'a,b',
  '$(headers.x)',
);

function sound(field: Field): fc.Arbitrary<Json> {
  switch (field.type) {
    case 'string':
      return field.one_of !== undefined && field.one_of.length > 0
        ? fc.constantFrom(...field.one_of)
        : fc.oneof(words, fc.string({ maxLength: 12 }));
    case 'number':
    case 'integer':
      return field.between === undefined
        ? fc.integer({ min: -5, max: 100_000 })
        : fc.integer({ min: Math.ceil(field.between[0]), max: Math.floor(field.between[1]) });
    case 'boolean':
      return fc.boolean();
    case 'array':
    case 'set':
      return fc.array(anyOf(field.elements), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.oneof(words, fc.string({ maxLength: 8 })), anyOf(field.values), {
        maxKeys: 3,
      }) as fc.Arbitrary<Json>;
    case 'record':
      return objectOf(field.fields);
    case 'foreign':
      return fc.constantFrom<Json>(null, { id: '11111111-1111-4111-8111-111111111111' }, { name: 's' }, { id: 7 }, 's');
  }
}

const anyOf = (field: Field): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 12, arbitrary: sound(field) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: nonsense },
  );

const objectOf = (fields: Fields): fc.Arbitrary<JsonObject> =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, anyOf(field)])), {
    requiredKeys: [],
  }) as fc.Arbitrary<JsonObject>;

/** What must be there, and a few of the rest: bodies that have a chance. */
function likely(fields: Fields): fc.Arbitrary<JsonObject> {
  const isNeeded = (field: Field): boolean =>
    field.required === true && field.default === undefined && field.auto !== true;
  const names = Object.keys(fields);
  return fc.subarray(names, { maxLength: Math.min(3, names.length) }).chain((chosen) => {
    const taken = names.filter((name) => isNeeded(fields[name]!) || chosen.includes(name));
    return fc.record(
      Object.fromEntries(
        taken.map((name) => {
          const field = fields[name]!;
          const inner = field.type === 'record' ? likely(field.fields) : sound(field);
          return [name, fc.oneof({ weight: 30, arbitrary: inner }, { weight: 1, arbitrary: nonsense })];
        }),
      ),
    ) as fc.Arbitrary<JsonObject>;
  });
}

/** @param fields those of the subschema included. */
export const arbitraryBody = (schema: EntitySchema, fields: Fields): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 20, arbitrary: likely(fields) },
    { weight: 5, arbitrary: objectOf(fields) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(objectOf(fields), fc.string({ maxLength: 10 }), nonsense)
        .map(([body, key, value]) => ({ ...body, [key]: value })),
    },
    { weight: 1, arbitrary: nonsense },
    { weight: 1, arbitrary: objectOf(schema.fields) },
  );
