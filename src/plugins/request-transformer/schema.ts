// Configuration of request-transformer: what to remove, rename, replace, add and append, in this order.
import type { Subschema } from '../../schema/define.ts';
import { checkHeaderName } from '../../schema/formats.ts';
import { httpMethod, pluginProtocols } from '../../schema/typedefs.ts';
import { compileTemplate } from './template.ts';

/** `name:value` splits at the first run of colons. */
export function splitPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf(':');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at).replace(/^:+/, '')];
}

const invalidHeader = (name: string): string | undefined =>
  name !== '' && checkHeaderName(name) === undefined ? undefined : `'${name}' is not a valid header`;

const checkTemplate = (value: string): string | undefined => {
  const template = compileTemplate(value);
  return template.ok ? undefined : `value '${value}' is not in supported format, error:${template.reason}`;
};

const checkHeaderPair = (pair: string): string | undefined => {
  const [name, value] = splitPair(pair);
  return invalidHeader(name) ?? checkTemplate(value);
};
const checkHeaderRename = (pair: string): string | undefined => {
  const [from, to] = splitPair(pair);
  return invalidHeader(from) ?? invalidHeader(to);
};
const checkPair = (pair: string): string | undefined => {
  const [name, value] = splitPair(pair);
  return value === '' ? `key '${name}' has no value` : checkTemplate(value);
};

const list = (element: { custom_validator?: (value: string) => string | undefined; match?: RegExp }, what: string) =>
  ({
    type: 'array',
    required: true,
    default: [],
    elements: { type: 'string', ...element },
    description: what,
  }) as const;

const PAIR = /^[^:]+:[\s\S]*$/;
const headerPairs = (what: string) => list({ match: PAIR, custom_validator: checkHeaderPair }, what);
const pairs = (what: string) => list({ custom_validator: checkPair }, what);

const rules = (what: string) => ({
  body: pairs(`Body fields to ${what}, as name:value.`),
  headers: headerPairs(`Headers to ${what}, as name:value.`),
  querystring: pairs(`Query arguments to ${what}, as name:value.`),
});

export const schema = {
  fields: {
    protocols: pluginProtocols,
    config: {
      type: 'record',
      required: true,
      fields: {
        http_method: { ...httpMethod, description: 'Method to send upstream.' },
        remove: {
          type: 'record',
          required: true,
          description: 'What to remove.',
          fields: {
            body: list({}, 'Body fields to remove.'),
            headers: list({ custom_validator: (text) => invalidHeader(splitPair(text)[0]) }, 'Headers to remove.'),
            querystring: list({}, 'Query arguments to remove.'),
          },
        },
        rename: {
          type: 'record',
          required: true,
          description: 'What to rename.',
          fields: {
            body: pairs('Body fields to rename, as old:new.'),
            headers: list({ match: PAIR, custom_validator: checkHeaderRename }, 'Headers to rename, as old:new.'),
            querystring: pairs('Query arguments to rename, as old:new.'),
          },
        },
        replace: {
          type: 'record',
          required: true,
          description: 'What to replace where present.',
          fields: {
            ...rules('replace where present'),
            uri: {
              type: 'string',
              custom_validator: checkTemplate,
              description: 'Template of the whole upstream path.',
            },
          },
        },
        add: {
          type: 'record',
          required: true,
          description: 'What to add where absent.',
          fields: rules('add where absent'),
        },
        append: { type: 'record', required: true, description: 'What to append.', fields: rules('append') },
      },
    },
  },
} as const satisfies Subschema;
