// Configuration of request-termination.
import type { JsonObject } from '../../lib/json.ts';
import type { Subschema } from '../../schema/define.ts';
import { headerName, pluginProtocolsHttp } from '../../schema/typedefs.ts';

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      custom_validator: checkAnswer,
      fields: {
        status_code: {
          type: 'integer',
          required: true,
          default: 503,
          between: [100, 599],
          description: 'Status of the answer.',
        },
        message: { type: 'string', description: 'Message of the answer; excludes `body` and `content_type`.' },
        content_type: { type: 'string', description: 'Media type of `body`.' },
        body: { type: 'string', description: 'Body of the answer, as it is; excludes `message`.' },
        echo: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Answer with a description of the request.',
        },
        trigger: {
          ...headerName,
          description: 'Act only on requests with a header or query argument of this name.',
        },
      },
    },
  },
} as const satisfies Subschema;

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

function checkAnswer(config: JsonObject): string | undefined {
  const [hasMessage, hasType, hasBody] = ['message', 'content_type', 'body'].map((name) => isSet(config[name]));
  if (hasMessage && (hasType || hasBody)) return 'message cannot be used with content_type or body';
  if (hasType && !hasBody) return 'content_type requires a body';
  return config['echo'] === true && (hasType || hasBody) ? 'echo cannot be used with content_type and body' : undefined;
}
