// request-size-limiting at work. A declared length decides without reading; a chunked body is read only as far as the
// limit, and what was read goes on to the upstream.
import {
  type Answer,
  type BodyFraming,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
} from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const UNITS = { megabytes: 1024 * 1024, kilobytes: 1024, bytes: 1 } as const;

const TOO_LARGE = error(413, 'Request size limit exceeded');
const EXPECTATION_FAILED = error(417, 'Request size limit exceeded');
const LENGTH_REQUIRED = error(411, 'A valid Content-Length header is required');

export function create(config: Config, _environment: Environment): Phases {
  const limit = (config.allowed_payload_size ?? 128) * UNITS[config.size_unit];
  const needsLength = config.require_content_length;

  return {
    access({ request }) {
      const { framing } = request;
      if (framing.length !== undefined) return framing.length > limit ? refusal(framing) : undefined;
      // HTTP/2 has no chunks that could stand for a length.
      if (needsLength && (!framing.isChunked || request.httpVersion >= 2)) return LENGTH_REQUIRED;
      if (!framing.isChunked) return undefined;
      return request.body(limit).then((bytes) => (bytes === undefined ? refusal(framing) : undefined));
    },
  };
}

const refusal = ({ expectsContinue }: BodyFraming): Answer => (expectsContinue ? EXPECTATION_FAILED : TOO_LARGE);
