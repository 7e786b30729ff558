// Access tokens of a Google Cloud service account: a signed statement is exchanged for a token, which is kept until shortly
// before it expires.
import { createSign } from 'node:crypto';
import type { Environment } from '../../../pdk/index.ts';
import { parseJsonObject } from './request.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const LIFETIME_S = 3600;
const RENEW_MS = 60_000;

export function createGcpToken(
  account: string | undefined,
  { network, clock }: Pick<Environment, 'network' | 'clock'>,
): () => Promise<string> {
  let known: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const key = parseJsonObject(account);
    const {
      client_email: email,
      private_key: secret,
      token_uri: address = 'https://oauth2.googleapis.com/token',
    } = key ?? {};
    if (typeof email !== 'string' || typeof secret !== 'string' || typeof address !== 'string') {
      throw new Error('the service account is not usable');
    }
    const now = Math.floor(clock.now() / 1000);
    const claims = { iss: email, scope: SCOPE, aud: address, iat: now, exp: now + LIFETIME_S };
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
    const signature = createSign('RSA-SHA256').update(signed).sign(secret, 'base64url');
    const answer = await network.http({
      url: address,
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: GRANT, assertion: `${signed}.${signature}` }).toString(),
      timeoutMs: 10_000,
      keepAliveMs: 10_000,
      verify: true,
    });
    const { access_token: token, expires_in: seconds } = parseJsonObject(answer.text) ?? {};
    if (answer.status !== 200 || typeof token !== 'string') throw new Error(`no token: status ${answer.status}`);
    known = { token, until: clock.now() + (typeof seconds === 'number' ? seconds : LIFETIME_S) * 1000 };
    return token;
  }

  return () => {
    if (known !== undefined && known.until - RENEW_MS > clock.now()) return Promise.resolve(known.token);
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
