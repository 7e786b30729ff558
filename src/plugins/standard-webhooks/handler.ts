// standard-webhooks at work: only a request that somebody signed who knows the secret, and not too long ago, goes on. Every
// failure looks the same from outside.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Answer, type Environment, error, type Phases, type PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

/** So many digits of a number are written. */
const DIGITS = 14;

const REFUSED = error(400);

export function create(config: Config, { clock }: Environment): Phases {
  const { secret_v1: secret, tolerance_second: tolerance } = config;

  const judge = (body: Buffer | undefined, signed: string, signature: string): Answer | undefined => {
    if (body === undefined || body.length === 0) return REFUSED;
    const digest = createHmac('sha256', secret).update(signed, 'latin1').update(body).digest('base64');
    return isSame(signature, `v1,${digest}`) ? undefined : REFUSED;
  };

  return {
    access({ request }) {
      const id = request.header('webhook-id');
      const signature = request.header('webhook-signature');
      const timestamp = request.header('webhook-timestamp');
      if (id === undefined || signature === undefined || timestamp === undefined) return REFUSED;
      const seconds = secondsOf(timestamp);
      if (Math.floor(clock.now() / 1000) - seconds > tolerance) return REFUSED;
      return request.body().then((body) => judge(body, `${id}.${seconds}.`, signature));
    },
  };
}

/** What is no number is long ago. The number is what is signed, however it was written. */
function secondsOf(timestamp: string): number {
  const seconds = Number(timestamp);
  return Number.isFinite(seconds) ? Number(seconds.toPrecision(DIGITS)) : 0;
}

/** In a time that tells nothing about where they differ. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b));

const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
