// Configuration of aws-lambda.
import { type JsonObject, valueAt } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { host, pluginProtocolsHttp, port } from '../../schema/typedefs.ts';
import { url } from '../shared/url.ts';

const secret = { type: 'string', referenceable: true, encrypted: true } as const;
const off = { type: 'boolean', default: false } as const;
const on = { type: 'boolean', default: true } as const;

function checkProxy(entity: JsonObject): string | undefined {
  const proxy = valueAt(entity, ['config', 'proxy_url']);
  const scheme = typeof proxy === 'string' ? /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(proxy)?.[1] : undefined;
  return scheme === undefined || scheme === 'http' ? undefined : 'proxy_url scheme must be http';
}

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        timeout: {
          type: 'number',
          required: true,
          default: 60_000,
          description: 'Milliseconds to connect, to send and to be answered.',
        },
        keepalive: {
          type: 'number',
          required: true,
          default: 60_000,
          description: 'Milliseconds for which an idle connection is kept.',
        },
        aws_key: { ...secret, description: 'Access key; the credentials of the machine when unset.' },
        aws_secret: { ...secret, description: 'Secret of the access key.' },
        aws_assume_role_arn: { ...secret, description: 'Role to assume before the call.' },
        aws_role_session_name: { type: 'string', default: 'kong', description: 'Name of the session of that role.' },
        aws_sts_endpoint_url: { ...url, description: 'Address of the token service that gives the role.' },
        aws_region: { ...host, description: 'Region of the function; that of the environment when unset.' },
        function_name: { type: 'string', description: 'Name or ARN of the function.' },
        qualifier: { type: 'string', description: 'Version or alias of the function.' },
        invocation_type: {
          type: 'string',
          required: true,
          default: 'RequestResponse',
          one_of: ['RequestResponse', 'Event', 'DryRun'],
          description: 'Wait for the result, only start the function, or only check the permission.',
        },
        log_type: {
          type: 'string',
          required: true,
          default: 'Tail',
          one_of: ['Tail', 'None'],
          description: 'Whether the answer carries the last lines of the log.',
        },
        host: { ...host, description: 'Host to call in place of the one of the region.' },
        port: { ...port, default: 443, description: 'Port to call.' },
        disable_https: { ...off, description: 'Call without TLS.' },
        unhandled_status: {
          type: 'integer',
          between: [100, 999],
          description: 'Status of the answer when the function fails.',
        },
        forward_request_method: { ...off, description: 'Send the method of the request along.' },
        forward_request_uri: { ...off, description: 'Send the target of the request along.' },
        forward_request_headers: { ...off, description: 'Send the headers of the request along.' },
        forward_request_body: { ...off, description: 'Send the body of the request along.' },
        is_proxy_integration: { ...off, description: 'Read status, headers and body from the result.' },
        awsgateway_compatible: { ...off, description: 'Send the event that Amazon API Gateway would send.' },
        proxy_url: { ...url, description: 'HTTP proxy to call through.' },
        skip_large_bodies: { ...on, description: 'Leave out bodies too large to be held in memory.' },
        base64_encode_body: { ...on, description: 'Encode the body as Base64.' },
        aws_imds_protocol_version: {
          type: 'string',
          required: true,
          default: 'v1',
          one_of: ['v1', 'v2'],
          description: 'Version of the metadata service that gives the credentials of the machine.',
        },
        empty_arrays_mode: {
          type: 'string',
          required: true,
          default: 'legacy',
          one_of: ['legacy', 'correct'],
          description: 'Whether empty arrays of the function become empty objects or stay.',
        },
      },
    },
  },
  entity_checks: [
    { check: 'mutually_required', fields: ['config.aws_key', 'config.aws_secret'] },
    { check: 'custom_entity_check', fields: ['config.proxy_url'], run: checkProxy },
  ],
} as const satisfies Subschema;
