// Configuration of proxy-cache.
import type { Subschema } from '../../schema/define.ts';
import { pluginProtocols } from '../../schema/typedefs.ts';

const sends = (header: string) => ({ type: 'boolean', default: true, description: `Send ${header}.` }) as const;
const texts = { type: 'array', elements: { type: 'string' } } as const;

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        response_code: {
          type: 'array',
          required: true,
          default: [200, 301, 404],
          len_min: 1,
          elements: { type: 'integer', between: [100, 900] },
          description: 'Statuses of responses that are stored.',
        },
        request_method: {
          type: 'array',
          required: true,
          default: ['GET', 'HEAD'],
          elements: { type: 'string', one_of: ['HEAD', 'GET', 'POST', 'PATCH', 'PUT'] },
          description: 'Methods of requests that are answered from the cache.',
        },
        content_type: {
          ...texts,
          required: true,
          default: ['text/plain', 'application/json'],
          description: 'Media types that are stored; parameters must match exactly.',
        },
        cache_ttl: {
          type: 'integer',
          default: 300,
          gt: 0,
          description: 'Seconds for which a stored response is fresh.',
        },
        strategy: { type: 'string', required: true, one_of: ['memory'], description: 'Where responses are stored.' },
        cache_control: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Follow the Cache-Control headers of both sides.',
        },
        ignore_uri_case: {
          type: 'boolean',
          default: false,
          description: 'Treat paths that differ only in case as one.',
        },
        storage_ttl: {
          type: 'integer',
          description: 'Seconds for which a response is stored, however fresh it is.',
        },
        memory: {
          type: 'record',
          required: true,
          description: 'Settings of the memory strategy.',
          fields: {
            dictionary_name: {
              type: 'string',
              required: true,
              default: 'kong_db_cache',
              description: 'Name of the memory zone; instances with one name share it.',
            },
          },
        },
        vary_query_params: { ...texts, description: 'Query arguments that tell responses apart; absent means all.' },
        vary_headers: { ...texts, description: 'Request headers that tell responses apart.' },
        response_headers: {
          type: 'record',
          required: true,
          description: 'Headers about the cache that the client gets.',
          fields: {
            age: sends('Age'),
            'X-Cache-Status': sends('X-Cache-Status'),
            'X-Cache-Key': sends('X-Cache-Key'),
          },
        },
      },
    },
  },
} as const satisfies Subschema;
