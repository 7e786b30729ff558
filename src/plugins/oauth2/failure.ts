// What an endpoint refuses with, and the form in which endpoints answer: JSON that nobody may keep.
import type { JsonObject } from '../../lib/json.ts';
import { type Answer, exit } from '../../pdk/index.ts';

export interface Failure {
  readonly error: string;
  readonly error_description: string;
}

const failure = (error: string, error_description: string): Failure => ({ error, error_description });

export const invalidRequest = (description: string): Failure => failure('invalid_request', description);
export const invalidScope = (description: string): Failure => failure('invalid_scope', description);
export const accessDenied = (description: string): Failure => failure('access_denied', description);

export const INVALID_CLIENT = failure('invalid_client', 'Invalid client authentication');
export const INVALID_GRANT = failure('invalid_grant', 'Invalid code');
export const INVALID_CODE = invalidRequest('Invalid code');
export const INVALID_PROVISION_KEY = failure('invalid_provision_key', 'Invalid provision_key');
export const MISSING_USER = failure('invalid_authenticated_userid', 'Missing authenticated_userid parameter');
export const INVALID_USER = failure('invalid_authenticated_userid', 'Invalid authenticated_userid parameter');
export const UNSUPPORTED_RESPONSE = failure('unsupported_response_type', 'Invalid response_type');
export const UNSUPPORTED_GRANT = failure('unsupported_grant_type', 'Invalid grant_type');
export const UNAUTHORIZED_CLIENT = failure('unauthorized_client', 'Public clients cannot use this grant_type');
export const WRONG_REDIRECT = invalidRequest(
  'Invalid redirect_uri that does not match with any redirect_uri created with the application',
);

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

export const answerJson = (status: number, body: JsonObject, headers: Readonly<Record<string, string>> = {}): Answer =>
  exit(status, body, { ...NO_STORE, ...headers });
