// response-transformer at work, on every answer, whoever made it. The body is gathered only for JSON rules and only when it
// says that it is JSON; one that is too large to be gathered passes as it is.
import { type Environment, type HeaderExchange, type Phases, type PluginConfig, slot } from '../../pdk/index.ts';
import { headerRules, type JsonRules, jsonRules } from './rules.ts';
import type { schema } from './schema.ts';
import { transformHeaders } from './transform-headers.ts';
import { isJsonType, transformJson } from './transform-json.ts';

type Config = PluginConfig<typeof schema>;

const MAX_BODY = 8 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** Of a body that is being gathered; without chunks it is too large, and passes. */
interface Gathered {
  chunks: Buffer[] | undefined;
  bytes: number;
}

export function create(config: Config, { log }: Environment): Phases {
  const ofHeaders = headerRules(config);
  const ofJson = jsonRules(config);
  const changeHeaders = (response: HeaderExchange['response']): void => {
    if (ofHeaders !== undefined) transformHeaders(response, ofHeaders);
  };
  if (ofJson === undefined) return { header_filter: ({ response }) => changeHeaders(response) };

  const gathering = slot<Gathered>('response-transformer: the body so far');
  return {
    header_filter({ request, response, shared }) {
      changeHeaders(response);
      if (request.method !== 'HEAD' && isJsonType(response.header('content-type'))) {
        shared.set(gathering, { chunks: [], bytes: 0 });
      } else response.keepsBody();
    },
    body_filter({ shared }, chunk, last) {
      const gathered = shared.get(gathering);
      if (gathered?.chunks === undefined) return chunk;
      const { chunks } = gathered;
      gathered.bytes += chunk.length;
      // A chunk is lent: its memory is used again.
      if (chunk.length > 0) chunks.push(Buffer.from(chunk));
      if (gathered.bytes > MAX_BODY) {
        gathered.chunks = undefined;
        log.warn(`a body of more than ${MAX_BODY} bytes is not transformed`);
        return Buffer.concat(chunks);
      }
      return last ? transformed(Buffer.concat(chunks), ofJson) : NOTHING;
    },
  };

  function transformed(body: Buffer, rules: JsonRules): Uint8Array {
    if (body.length === 0) return body;
    const changed = transformJson(body, rules);
    if (changed === undefined) log.warn('body transform failed: failed parsing json body');
    return changed ?? body;
  }
}
