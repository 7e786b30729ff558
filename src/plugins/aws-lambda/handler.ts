// aws-lambda at work: the function answers in place of an upstream.
import type { Json } from '../../lib/json.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  exit,
  type OpenAnswer,
  type Phases,
} from '../../pdk/index.ts';
import { createCredentials, regionOf } from '../shared/aws/credentials.ts';
import { signRequest } from '../shared/aws/sign.ts';
import { passHeaders, withVia } from '../shared/foreign-answer.ts';
import { badGateway, readResult } from './integration.ts';
import { type Config, payloadOf } from './payload.ts';

const MAX_BODY = 8 * 1024 * 1024;
/** Bodies above are "large". */
const LARGE_BODY = 1024 * 1024;
const MAX_ANSWER = 64 * 1024 * 1024;

export function create(config: Config, environment: Environment): Phases {
  const { network, clock, log } = environment;
  const region = regionOf(config.aws_region, process.env);
  const credentials = createCredentials(
    {
      accessKey: config.aws_key,
      secretKey: config.aws_secret,
      region,
      role:
        config.aws_assume_role_arn === null
          ? undefined
          : {
              arn: config.aws_assume_role_arn,
              session: config.aws_role_session_name ?? 'kong',
              endpoint: config.aws_sts_endpoint_url,
            },
      metadataVersion: config.aws_imds_protocol_version,
    },
    environment,
    process.env,
  );
  const tooLarge = error(413);

  async function invoke(payload: string): Promise<OpenAnswer> {
    if (region === undefined) throw new Error('no AWS region: set aws_region or AWS_REGION');
    if (config.function_name === null) throw new Error('no function_name');
    const url = addressOf(config, region, config.function_name);
    const headers = signRequest(
      {
        method: 'POST',
        url,
        headers: {
          'Content-Type': 'application/x-amz-json-1.1',
          'X-Amz-Invocation-Type': config.invocation_type,
          'X-Amz-Log-Type': config.log_type,
        },
        body: payload,
      },
      await credentials(),
      { region, service: 'lambda', now: clock.now() },
    );
    return network.open({
      url,
      method: 'POST',
      headers,
      body: payload,
      timeoutMs: config.timeout,
      keepAliveMs: config.keepalive,
      verify: true,
      proxy: config.proxy_url ?? undefined,
    });
  }

  async function access(exchange: AccessExchange): Promise<Answer> {
    const limit = config.skip_large_bodies === false ? MAX_BODY : LARGE_BODY;
    const body = await exchange.request.body(limit);
    if (body === undefined) {
      if (config.skip_large_bodies === false) return tooLarge;
      log.warn('the request body is large and was left out', { request_id: exchange.request.id });
    }
    const answer = await invoke(JSON.stringify(payloadOf(exchange, config, body ?? Buffer.alloc(0))));
    const bytes = await answer.bytes(MAX_ANSWER);
    if (answer.status >= 400) throw new Error(`AWS answered with status ${answer.status}`);
    return answerOf(answer, bytes, config);
  }

  return { access };
}

function addressOf(config: Config, region: string, name: string): string {
  const scheme = config.disable_https === true ? 'http' : 'https';
  const host = config.host ?? `lambda.${region}.amazonaws.com`;
  const port = config.port ?? 443;
  const isUsual = scheme === 'https' && port === 443;
  const qualifier = config.qualifier === null ? '' : `?Qualifier=${encodeURIComponent(config.qualifier)}`;
  const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations${qualifier}`;
  return `${scheme}://${host}${isUsual ? '' : `:${port}`}${path}`;
}

function answerOf(answer: OpenAnswer, bytes: Buffer, config: Config): Answer {
  const headers = passHeaders(answer.headers);
  if (config.is_proxy_integration === true) {
    const result = readResult(bytes.toString('utf8'));
    if (!result.ok) return badGateway(result.reason);
    return exit(result.status, result.body, withVia({ ...headers, ...result.headers }));
  }
  const hasFailed = answer.headers['x-amz-function-error'] === 'Unhandled';
  const status = hasFailed && config.unhandled_status !== null ? config.unhandled_status : answer.status;
  return exit(status, config.empty_arrays_mode === 'correct' ? bytes : withoutEmptyLists(bytes), withVia(headers));
}

/** What older functions' callers expect: an empty list is an empty object. Other results stay byte by byte. */
function withoutEmptyLists(bytes: Buffer): string | Buffer {
  const text = bytes.toString('utf8');
  if (!/\[\s*\]/.test(text)) return bytes;
  try {
    return JSON.stringify(JSON.parse(text) as Json, (_, value: Json) =>
      Array.isArray(value) && value.length === 0 ? {} : value,
    );
  } catch {
    return bytes;
  }
}
