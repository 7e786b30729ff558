// Configuration of http-log.
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { headerName, pluginProtocols } from '../../schema/typedefs.ts';
import { customFields } from '../shared/custom-fields.ts';
import { legacyQueueFields, queue } from '../shared/queue.ts';
import { checkUrl, url } from '../shared/url.ts';

const checkEndpoint = (text: string): string | undefined =>
  checkUrl(text) ?? (/^https?:/i.test(text) ? undefined : 'the scheme must be http or https');

/** The user of the URL becomes an Authorization header, of which there can be one. */
function checkAuthorization(config: JsonObject): string | undefined {
  const { http_endpoint: endpoint, headers } = config;
  if (typeof endpoint !== 'string' || !isObject(headers) || !/^[^/]*\/\/[^/?#]*@/.test(endpoint)) return undefined;
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
    ? "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed"
    : undefined;
}

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      custom_validator: checkAuthorization,
      fields: {
        http_endpoint: {
          ...url,
          custom_validator: checkEndpoint,
          required: true,
          referenceable: true,
          encrypted: true,
          description: 'URL that records are sent to; a user in it becomes Basic authorization.',
        },
        method: {
          type: 'string',
          default: 'POST',
          one_of: ['POST', 'PUT', 'PATCH'],
          description: 'Method of the requests.',
        },
        content_type: {
          type: 'string',
          default: 'application/json',
          one_of: ['application/json', 'application/json; charset=utf-8'],
          description: 'Content type of the requests.',
        },
        timeout: {
          type: 'number',
          default: 10_000,
          description: 'Milliseconds to connect, to send and to be answered.',
        },
        keepalive: {
          type: 'number',
          default: 60_000,
          description: 'Milliseconds for which an idle connection is kept.',
        },
        ...legacyQueueFields('http-log'),
        headers: {
          type: 'map',
          keys: {
            ...headerName,
            match_none: [
              { pattern: /^host$/i, err: "cannot contain 'Host' header" },
              { pattern: /^content-length$/i, err: "cannot contain 'Content-Length' header" },
              { pattern: /^content-type$/i, err: "cannot contain 'Content-Type' header" },
            ],
          },
          values: { type: 'string', referenceable: true, encrypted: true },
          description: 'Further headers of the requests.',
        },
        queue,
        custom_fields_by_lua: customFields,
      },
    },
  },
} as const satisfies Subschema;
