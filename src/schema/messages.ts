// Every text the validators can give. Clients match on these words (Kong's Admin API), so they are facts, not prose.

const quote = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');
const show = (value: unknown): string => (value === null ? 'null' : String(value));

export const messages = {
  type: {
    string: 'expected a string',
    number: 'expected a number',
    integer: 'expected an integer',
    boolean: 'expected a boolean',
    array: 'expected an array',
    set: 'expected a set',
    map: 'expected a map',
    record: 'expected a record',
  },
  required: 'required field missing',
  unknown: 'unknown field',
  immutable: 'immutable field cannot be updated',
  missingPrimaryKey: 'missing primary key',
  notPrimaryKey: 'not a primary key',
  eq: (value: unknown) => `value must be ${show(value)}`,
  ne: (value: unknown) => `value must not be ${show(value)}`,
  gt: (limit: number) => `value must be greater than ${Math.trunc(limit)}`,
  between: (low: number, high: number) => `value should be between ${Math.trunc(low)} and ${Math.trunc(high)}`,
  lenEq: (length: number) => `length must be ${length}`,
  lenMin: (length: number) => `length must be at least ${length}`,
  lenMax: (length: number) => `length must be at most ${length}`,
  match: (value: string) => `invalid value: ${value}`,
  startsWith: (prefix: string) => `should start with: ${prefix}`,
  oneOf: (values: readonly unknown[]) => `expected one of: ${values.join(', ')}`,
  notOneOf: (values: readonly unknown[]) => `must not be one of: ${values.join(', ')}`,
  regex: (value: string) => `not a valid regex: ${value}`,
  contains: (value: unknown) => `expected to contain: ${show(value)}`,
  uuid: 'expected a valid UUID',
  timestamp: 'expected a valid timestamp',
  exclusiveSubsets: (sets: readonly (readonly string[])[]) =>
    `these sets are mutually exclusive: ${sets.map((set) => `(${quote(set)})`).join(', ')}`,
  atLeastOneOf: (fields: readonly string[]) => `at least one of these fields must be non-empty: ${quote(fields)}`,
  onlyOneOf: (fields: readonly string[]) => `exactly one of these fields must be non-empty: ${quote(fields)}`,
  distinct: (fields: readonly string[]) => `values of these fields must be distinct: ${quote(fields)}`,
  mutuallyRequired: (fields: readonly string[]) => `all or none of these fields must be set: ${quote(fields)}`,
  mutuallyExclusive: (fields: readonly string[]) => `only one or none of these fields must be set: ${quote(fields)}`,
  conditional: (field: string) => `failed conditional validation given value of field '${field}'`,
  requiredForCheck: 'field required for entity check',
  whenUpdating: (text: string) => `when updating, ${text}`,
  conflictingDeprecated: (oldName: string, oldValue: unknown, newName: string, newValue: unknown) =>
    `both deprecated and new field are used but their values mismatch: ${oldName} = ${show(oldValue)} vs ${newName} = ${show(newValue)}`,
  unknownType: (value: unknown) => `unknown type: ${show(value)}`,
  quote,
} as const;
