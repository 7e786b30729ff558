// Configuration of session. `secret` is made for each instance when it is absent: Kong makes one a process, which no two
// nodes share.
import type { Json } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocols } from '../../schema/typedefs.ts';

const facts = {
  type: 'set',
  elements: {
    type: 'string',
    one_of: ['id', 'audience', 'subject', 'timeout', 'idling-timeout', 'rolling-timeout', 'absolute-timeout'],
  },
} as const;

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        secret: {
          type: 'string',
          auto: true,
          referenceable: true,
          encrypted: true,
          description: 'Key that cookies are encrypted with; made when it is absent.',
        },
        storage: {
          type: 'string',
          default: 'cookie',
          one_of: ['cookie', 'kong'],
          description: 'Where the content of sessions is kept.',
        },
        audience: { type: 'string', default: 'default', description: 'Application that sessions are good for.' },
        idling_timeout: {
          type: 'number',
          default: 900,
          description: 'Seconds without use after which a session ends; 0 means never.',
        },
        rolling_timeout: {
          type: 'number',
          default: 3600,
          description: 'Seconds after which a session must be renewed; 0 means never.',
        },
        absolute_timeout: {
          type: 'number',
          default: 86400,
          description: 'Seconds after which a session ends in any case; 0 means never.',
        },
        stale_ttl: {
          type: 'number',
          default: 10,
          description: 'Seconds for which an old cookie is still accepted after a renewal.',
        },
        cookie_name: { type: 'string', default: 'session', description: 'Name of the cookie.' },
        cookie_path: { type: 'string', default: '/', description: 'Path of the cookie.' },
        cookie_domain: { type: 'string', description: 'Domain of the cookie.' },
        cookie_same_site: {
          type: 'string',
          default: 'Strict',
          one_of: ['Strict', 'Lax', 'None', 'Default'],
          description: 'SameSite attribute of the cookie.',
        },
        cookie_http_only: { type: 'boolean', default: true, description: 'Keep scripts from reading the cookie.' },
        cookie_secure: { type: 'boolean', default: true, description: 'Have the cookie sent over HTTPS only.' },
        remember: { type: 'boolean', default: false, description: 'Keep a second cookie when the browser is closed.' },
        remember_cookie_name: {
          type: 'string',
          default: 'remember',
          description: 'Name of the cookie that is kept.',
        },
        remember_rolling_timeout: {
          type: 'number',
          default: 604800,
          description: 'Seconds after which a kept session must be renewed; 0 means never.',
        },
        remember_absolute_timeout: {
          type: 'number',
          default: 2592000,
          description: 'Seconds after which a kept session ends in any case; 0 means never.',
        },
        response_headers: { ...facts, description: 'Facts of the session to tell the client in headers.' },
        request_headers: { ...facts, description: 'Facts of the session to tell the upstream in headers.' },
        read_body_for_logout: {
          type: 'boolean',
          default: false,
          description: 'Look for the wish to log out in the body too.',
        },
        logout_methods: {
          type: 'set',
          default: ['POST', 'DELETE'],
          elements: { type: 'string', one_of: ['GET', 'POST', 'DELETE'] },
          description: 'Methods of requests that may log out.',
        },
        logout_query_arg: {
          type: 'string',
          default: 'session_logout',
          description: 'Query argument that asks to log out.',
        },
        logout_post_arg: {
          type: 'string',
          default: 'session_logout',
          description: 'Member of the body that asks to log out.',
        },
        hash_subject: { type: 'boolean', default: false, description: 'Store only a hash of the subject.' },
        store_metadata: {
          type: 'boolean',
          default: false,
          description: 'Store the audience and the subject of sessions.',
        },
      },
      shorthand_fields: {
        cookie_lifetime: { type: 'number', expand: (value: Json) => ({ rolling_timeout: value }) },
        cookie_idletime: { type: 'number', expand: (value: Json) => ({ idling_timeout: value ?? 0 }) },
        cookie_renew: { type: 'number', expand: () => ({}) },
        cookie_discard: { type: 'number', expand: (value: Json) => ({ stale_ttl: value }) },
        cookie_samesite: {
          type: 'string',
          expand: (value: Json) => ({ cookie_same_site: value === 'off' ? 'Lax' : value }),
        },
        cookie_httponly: { type: 'boolean', expand: (value: Json) => ({ cookie_http_only: value }) },
        cookie_persistent: { type: 'boolean', expand: (value: Json) => ({ remember: value }) },
      },
    },
  },
} as const satisfies Subschema;
