// acme at work: answers the authority's challenges, and asks for a certificate when a client first calls a host that may have
// one. That handshake still sees the default certificate; those after it see the new one.
import {
  type Answer,
  type CertificatePair,
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
import { openPairs, remember } from './shelf.ts';

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
  const pairs = openPairs(environment);
  if (config.storage === 'kong' && environment.entities.isReadOnly) {
    environment.log.error('storage kong needs a database: no certificates are obtained');
  }
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

  /** Without a database: out of the storage. */
  async function lookUp(host: string): Promise<CertificatePair | undefined> {
    try {
      const pair = await certificates.shelf.find(host);
      remember(pairs, host, pair);
      if (pair === undefined) void certificates.order(host);
      return pair;
    } catch (problem) {
      environment.log.error(`the certificate of ${host} could not be looked up: ${String(problem)}`);
      return undefined;
    }
  }

  return {
    certificate({ connection, certificateId }) {
      const host = connection.serverName ?? '';
      if (certificateId !== undefined || !mayHave(host)) return undefined;
      if (!environment.entities.isReadOnly) {
        void certificates.order(host);
        return undefined;
      }
      const known = pairs.get(host);
      return known === undefined ? lookUp(host) : known.pair;
    },
    rewrite({ request }: RewriteExchange) {
      if (request.scheme !== 'http' || !request.path.startsWith(CHALLENGES)) return undefined;
      return mayHave(request.host.toLowerCase()) ? answerChallenge(request.path.slice(CHALLENGES.length)) : undefined;
    },
    close() {
      clearTimeout(first);
      clearInterval(daily);
      keeper.close();
    },
  };
}
