// What the body of a request says, by its Content-Type.
import type { Json } from '../lib/json.ts';
import type { QueryArguments } from './exchange.ts';

/** Of a multipart form. */
export interface BodyPart {
  /** Undefined for a part without a name. */
  readonly name: string | undefined;
  /** Header lines as received, without the empty line that ends them. */
  readonly head: string;
  readonly body: Buffer;
}

export type BodyContent =
  /** The object has no prototype. */
  | { readonly kind: 'form'; readonly fields: QueryArguments }
  | { readonly kind: 'json'; readonly value: Json }
  | { readonly kind: 'multipart'; readonly parts: readonly BodyPart[] };

export interface UnusableBody {
  readonly kind: 'unusable';
  /** `too large` holds for too many fields or parts, too. */
  readonly reason: 'too large' | 'no type' | 'unsupported type' | 'malformed';
  /** Fit to be told to the client. */
  readonly message: string;
}

export type ParsedBody = BodyContent | UnusableBody;

export interface BodyLimits {
  /** 8 MiB when absent. */
  readonly bytes?: number;
  /** Of a form; 1000 when absent. */
  readonly fields?: number;
  /** In place of the Content-Type. */
  readonly type?: string;
}
