// Proof key for code exchange (RFC 7636), with S256 only: the client shows a hash first and what was hashed later.
import { createHash } from 'node:crypto';
import { isSameSecret } from '../shared/same-secret.ts';
import { type Failure, INVALID_GRANT, invalidRequest } from './failure.ts';
import { NOT_A_TEXT, type Parameters } from './parameters.ts';

export type Requirement = 'none' | 'lax' | 'strict';

export const isRequired = (requirement: Requirement, clientType: string): boolean =>
  requirement === 'strict' || (requirement === 'lax' && clientType === 'public');

export type Challenge =
  | { readonly ok: true; readonly challenge: string | undefined }
  | { readonly ok: false; readonly failure: Failure };

const refuse = (description: string): Challenge => ({ ok: false, failure: invalidRequest(description) });

/** Of the authorization request. */
export function readChallenge(parameters: Parameters, requirement: Requirement, clientType: string): Challenge {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  if (challenge === NOT_A_TEXT) return refuse('code_challenge is not a string');
  if (challenge === undefined || challenge === '') {
    if (method !== undefined) return refuse('code_challenge is required when code_method is present');
    if (isRequired(requirement, clientType)) return refuse(`code_challenge is required for ${clientType} clients`);
    return { ok: true, challenge: undefined };
  }
  if (method !== 'S256' && method !== 's256') return refuse('code_challenge_method is not supported, must be S256');
  return { ok: true, challenge: normalise(challenge) };
}

/** base64url without padding, which is never longer: a client may send any number of signs. */
const normalise = (text: string): string =>
  text
    .replace(/={1,2}$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');

const SHORTEST = 43;
const LONGEST = 128;

/** Of the token request. @param challenge as it came with the authorization; undefined when it came with none */
export function checkVerifier(parameters: Parameters, challenge: string | undefined): Failure | undefined {
  const verifier = parameters.get('code_verifier');
  if (verifier === undefined) return invalidRequest('code_verifier is required for PKCE authorization requests');
  if (verifier === NOT_A_TEXT) return invalidRequest('code_verifier is not a string');
  if (verifier.length < SHORTEST || verifier.length > LONGEST) {
    return invalidRequest(`code_verifier must be between ${SHORTEST} and ${LONGEST} characters`);
  }
  if (challenge === undefined) return INVALID_GRANT;
  const computed = createHash('sha256').update(verifier).digest('base64url');
  return isSameSecret(computed, challenge) ? undefined : INVALID_GRANT;
}
