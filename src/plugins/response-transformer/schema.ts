// Configuration of response-transformer: what to remove, rename, replace, add and append, in this order.
import type { StringField, Subschema } from '../../schema/define.ts';
import { checkHeaderName } from '../../schema/formats.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';

const list = <const E extends Omit<StringField, 'type'>>(element: E, description: string) =>
  ({
    type: 'array',
    required: true,
    default: [],
    elements: { type: 'string', ...element },
    description,
  }) as const;

const PAIR = { match: /^[^:]+:[\s\S]*$/ } as const;
const VALUE_TYPES = ['boolean', 'number', 'string'] as const;

const invalidHeader = (name: string): string | undefined =>
  name !== '' && checkHeaderName(name) === undefined ? undefined : `'${name}' is not a valid header`;

/** Both sides of `old:new` are names of headers; the first run of colons divides them. */
function checkRename(pair: string): string | undefined {
  const [, from = '', to = ''] = /^([^:]*):+([\s\S]*)$/.exec(pair) ?? [];
  return invalidHeader(from) ?? invalidHeader(to);
}

const rules = (what: string) =>
  ({
    type: 'record',
    required: true,
    description: `What to ${what}.`,
    fields: {
      json: list(PAIR, `Members of the JSON body to ${what}, as name:value.`),
      json_types: list({ one_of: VALUE_TYPES }, 'Types of these values, by position.'),
      headers: list(PAIR, `Headers to ${what}, as name:value.`),
    },
  }) as const;

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        remove: {
          type: 'record',
          required: true,
          description: 'What to remove.',
          fields: {
            json: list({}, 'Members of the JSON body to remove.'),
            headers: list({}, 'Headers to remove, as name or name:value.'),
          },
        },
        rename: {
          type: 'record',
          required: true,
          description: 'What to rename.',
          fields: {
            json: list(PAIR, 'Members of the JSON body to rename, as old:new.'),
            headers: list({ ...PAIR, custom_validator: checkRename }, 'Headers to rename, as old:new.'),
          },
        },
        replace: rules('replace where present'),
        add: rules('add where absent'),
        append: rules('append'),
      },
    },
  },
} as const satisfies Subschema;
