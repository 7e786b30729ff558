// The language in which configurations and entities are described, with Kong's names for what many schemas share.

export type {
  Deprecation,
  Entity,
  EntityCheck,
  EntitySchema,
  ErrorNode,
  Field,
  InferFields,
  RecordField,
  Shorthand,
  Shorthands,
  StringField,
  Subschema,
} from '../schema/define.ts';
export { defineEntity } from '../schema/define.ts';
export { checkHeaderName, checkHttpToken, checkRouteHost } from '../schema/formats.ts';
export { parsePublicKey } from '../schema/pem.ts';
export * from '../schema/typedefs.ts';
