// What every credential has: the consumer it belongs to.

export const owner = {
  type: 'foreign',
  reference: 'consumers',
  required: true,
  on_delete: 'cascade',
  in_file: { nest: true, as: 'object' },
  description: 'Consumer it belongs to.',
} as const;
