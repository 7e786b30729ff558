// What an expression is once it is read: tests of one field against one literal, joined by and, or, not.
import type { Address, AddressRange } from '../address.ts';

export type Operator = '==' | '!=' | '~' | '^=' | '=^' | '>=' | '>' | '<=' | '<' | 'in' | 'not in' | 'contains';

export type Literal =
  | { readonly type: 'String'; readonly value: string }
  | {
      readonly type: 'Regex';
      readonly value: string;
      readonly regex: RegExp;
      /** A longer text is not matched: it could take too long. */
      readonly maxLength: number;
    }
  | { readonly type: 'Int'; readonly value: number }
  | { readonly type: 'IpAddr'; readonly value: Address }
  | { readonly type: 'IpCidr'; readonly value: AddressRange };

export interface Test {
  readonly kind: 'test';
  readonly field: string;
  /** The field's value is lower-cased first. */
  readonly lower: boolean;
  /** One of several values is enough; else all of them must fit. */
  readonly any: boolean;
  readonly operator: Operator;
  readonly literal: Literal;
}

export type Expression =
  | Test
  | { readonly kind: 'and' | 'or'; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly item: Expression };

export type FieldType = 'String' | 'Int' | 'IpAddr';

/** The fields that an expression may name; given by whoever knows the domain. */
export interface FieldTable {
  readonly fields: Readonly<Record<string, FieldType>>;
  /** Families of fields: the name up to and with its last dot; exactly one more label follows. */
  readonly families: Readonly<Record<string, FieldType>>;
  /** Old names and what they are called now. */
  readonly aliases: Readonly<Record<string, string>>;
}

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly reason: string };

/** Every test in it, from left to right. */
export function* testsOf(expression: Expression): IterableIterator<Test> {
  if (expression.kind === 'test') yield expression;
  else if (expression.kind === 'not') yield* testsOf(expression.item);
  else for (const item of expression.items) yield* testsOf(item);
}
