// Where AWS credentials come from, in the usual order: the configuration, the environment, a web identity, the container's
// endpoint, the machine's metadata service; then, if asked for, a role assumed with them. They are kept until shortly before
// they expire, and asked for once at a time.
import { readFile } from 'node:fs/promises';
import type { Json } from '../../../lib/json.ts';
import type { Environment } from '../../../pdk/index.ts';
import { type AwsCredentials, signRequest } from './sign.ts';

export interface CredentialSource {
  readonly accessKey: string | null;
  readonly secretKey: string | null;
  readonly region: string | undefined;
  readonly role?: { readonly arn: string; readonly session: string; readonly endpoint: string | null } | undefined;
  readonly metadataVersion?: 'v1' | 'v2';
}

type Variables = Readonly<Record<string, string | undefined>>;

const RENEW_MS = 60_000;
const TIMEOUT_MS = 5000;
const METADATA = 'http://169.254.169.254';
const CONTAINER = 'http://169.254.170.2';

export const regionOf = (configured: string | null | undefined, variables: Variables): string | undefined =>
  configured ?? variables['AWS_REGION'] ?? variables['AWS_DEFAULT_REGION'];

export function createCredentials(
  source: CredentialSource,
  { network, clock }: Pick<Environment, 'network' | 'clock'>,
  variables: Variables,
): () => Promise<AwsCredentials> {
  let known: AwsCredentials | undefined;
  let asking: Promise<AwsCredentials> | undefined;

  const get = async (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<string> => {
    const answer = await network.http({
      url,
      method,
      headers,
      body: '',
      timeoutMs: TIMEOUT_MS,
      keepAliveMs: 10_000,
      verify: true,
    });
    if (answer.status !== 200) throw new Error(`${new URL(url).host} answered with status ${answer.status}`);
    return answer.text;
  };

  async function first(): Promise<AwsCredentials> {
    if (source.accessKey !== null && source.secretKey !== null) return lasting(source.accessKey, source.secretKey);
    const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = variables;
    if (key !== undefined && secret !== undefined) return lasting(key, secret, token);
    const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: arn } = variables;
    if (file !== undefined && arn !== undefined) return webIdentity(file, arn);
    const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = variables;
    if (path !== undefined || url !== undefined) return container(path === undefined ? url! : CONTAINER + path);
    return metadata();
  }

  async function webIdentity(file: string, arn: string): Promise<AwsCredentials> {
    const token = (await readFile(file, 'utf8')).trim();
    const query = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: arn,
      RoleSessionName: variables['AWS_ROLE_SESSION_NAME'] ?? 'gateway',
      WebIdentityToken: token,
    });
    return fromXml(await get(`${tokenService()}/?${query}`));
  }

  async function container(url: string): Promise<AwsCredentials> {
    const file = variables['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
    const token = file === undefined ? variables['AWS_CONTAINER_AUTHORIZATION_TOKEN'] : await readFile(file, 'utf8');
    return fromJson(await get(url, token === undefined ? {} : { Authorization: token.trim() }));
  }

  async function metadata(): Promise<AwsCredentials> {
    const base = variables['AWS_EC2_METADATA_SERVICE_ENDPOINT']?.replace(/\/$/, '') ?? METADATA;
    const lifetime = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };
    const headers =
      source.metadataVersion === 'v2'
        ? { 'X-aws-ec2-metadata-token': await get(`${base}/latest/api/token`, lifetime, 'PUT') }
        : undefined;
    const list = `${base}/latest/meta-data/iam/security-credentials/`;
    const role = (await get(list, headers)).trim().split('\n')[0]!;
    return fromJson(await get(list + encodeURIComponent(role), headers));
  }

  const tokenService = (): string =>
    source.role?.endpoint?.replace(/\/$/, '') ??
    (source.region === undefined ? 'https://sts.amazonaws.com' : `https://sts.${source.region}.amazonaws.com`);

  async function assume(keys: AwsCredentials): Promise<AwsCredentials> {
    if (source.role === undefined) return keys;
    const { arn, session } = source.role;
    const query = new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: arn,
      RoleSessionName: session,
    });
    const url = `${tokenService()}/?${query}`;
    const scope = { region: source.region ?? 'us-east-1', service: 'sts', now: clock.now() };
    return fromXml(await get(url, signRequest({ method: 'GET', url, headers: {}, body: '' }, keys, scope)));
  }

  return () => {
    if (known !== undefined && (known.expiresAt ?? Number.POSITIVE_INFINITY) - RENEW_MS > clock.now()) {
      return Promise.resolve(known);
    }
    asking ??= first()
      .then(assume)
      .then((keys) => {
        known = keys;
        return keys;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
}

const lasting = (accessKey: string, secretKey: string, sessionToken?: string): AwsCredentials => ({
  accessKey,
  secretKey,
  sessionToken,
  expiresAt: undefined,
});

function fromJson(text: string): AwsCredentials {
  const answer = JSON.parse(text) as Readonly<Record<string, Json>>;
  return complete((name) => answer[name === 'SessionToken' ? 'Token' : name]);
}

/** Of the token service: flat elements with plain text. */
const fromXml = (text: string): AwsCredentials =>
  complete((name) => {
    const start = text.indexOf(`<${name}>`);
    const end = text.indexOf(`</${name}>`, start);
    return start < 0 || end < 0 ? undefined : text.slice(start + name.length + 2, end);
  });

function complete(read: (name: string) => unknown): AwsCredentials {
  const [accessKey, secretKey, token, expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map(read);
  if (typeof accessKey !== 'string' || typeof secretKey !== 'string')
    throw new Error('no AWS credentials in the answer');
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  return {
    accessKey,
    secretKey,
    sessionToken: typeof token === 'string' ? token : undefined,
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  };
}
