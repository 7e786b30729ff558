// acme at work: answers the authority's challenges, and asks for a certificate when a host that may have one is first asked
// for over TLS. That request still sees the default certificate; those after it see the new one.
import {
  type Answer,
  type Environment,
  exit,
  type Phases,
  type PluginConfig,
  type RewriteExchange,
} from '../../pdk/index.ts';
import { Certificates, challengeKey } from './certificates.ts';
import { hostCheck } from './host-check.ts';
import { createKeeper } from './keeper.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const CHALLENGES = '/.well-known/acme-challenge/';
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/;
const RENEW_EVERY_MS = 86_400_000;
const FIRST_RENEWAL_MS = 60_000;
const NOT_FOUND = exit(404, 'Not found\n', { 'Content-Type': 'text/plain' });

export function create(config: Config, environment: Environment): Phases {
  const keeper = createKeeper(config, environment);
  const certificates = new Certificates(config, environment, keeper);
  const mayHave = hostCheck(config);
  const renew = (): void =>
    void certificates.renew().catch((problem: unknown) => environment.log.error(`renewal failed: ${String(problem)}`));
  const first = setTimeout(renew, FIRST_RENEWAL_MS);
  const daily = setInterval(renew, RENEW_EVERY_MS);
  first.unref();
  daily.unref();

  async function answerChallenge(token: string): Promise<Answer> {
    if (!TOKEN.test(token) || token === 'x') return NOT_FOUND;
    const text = await keeper.get(challengeKey(token));
    return text === undefined ? NOT_FOUND : exit(200, text, { 'Content-Type': 'text/plain' });
  }

  return {
    rewrite({ request }: RewriteExchange) {
      const host = request.host.toLowerCase();
      if (request.scheme === 'http') {
        if (!request.path.startsWith(CHALLENGES) || !mayHave(host)) return undefined;
        return answerChallenge(request.path.slice(CHALLENGES.length));
      }
      if (!certificates.has(host) && mayHave(host)) void certificates.order(host);
      return undefined;
    },
    close() {
      clearTimeout(first);
      clearInterval(daily);
      keeper.close();
    },
  };
}
