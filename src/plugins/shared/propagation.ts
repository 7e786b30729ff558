// Which trace headers a tracing plugin reads, removes and writes.
import { headerName } from '../../schema/typedefs.ts';
import { deprecatedDefault } from './deprecated.ts';

const EXTRACTORS = ['aws', 'b3', 'datadog', 'gcp', 'instana', 'jaeger', 'ot', 'w3c'] as const;
const FORMATS = ['aws', 'b3', 'b3-single', 'datadog', 'gcp', 'instana', 'jaeger', 'ot', 'w3c'] as const;
const INJECTORS = ['aws', 'b3', 'b3-single', 'datadog', 'gcp', 'instana', 'jaeger', 'ot', 'preserve', 'w3c'] as const;

export const propagation = <const F extends (typeof FORMATS)[number]>(default_format: F) =>
  ({
    type: 'record',
    required: true,
    default: { default_format },
    description: 'Trace headers that are read, removed and written.',
    fields: {
      extract: {
        type: 'array',
        elements: { type: 'string', one_of: EXTRACTORS },
        description: 'Formats to read, in order; the first that is present counts.',
      },
      clear: {
        type: 'array',
        elements: headerName,
        description: 'Headers to remove from the request after reading.',
      },
      inject: {
        type: 'array',
        elements: { type: 'string', one_of: INJECTORS },
        description: 'Formats to write; `preserve` is the one that was read.',
      },
      default_format: {
        type: 'string',
        required: true,
        one_of: FORMATS,
        description: 'Format to write where `preserve` finds none.',
      },
    },
  }) as const;

/** The word for the trace header of older configurations. */
export const headerTypeDeprecation = (plugin: string) =>
  deprecatedDefault(
    `${plugin}: config.header_type is deprecated, please use config.propagation options instead`,
    'preserve',
  );
