// Configuration of pre-function.
import type { Subschema } from '../../schema/define.ts';
import { noConsumer, pluginProtocols } from '../../schema/typedefs.ts';
import { codeChunks, someChunk } from '../shared/code-chunks.ts';

export const schema = {
  fields: {
    consumer: noConsumer,
    protocols: pluginProtocols,
    config: { type: 'record', required: true, fields: codeChunks },
  },
  entity_checks: [someChunk],
} as const satisfies Subschema;
