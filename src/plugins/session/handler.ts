// session at work. In access a session stands for the authentication of an earlier request; in header_filter a caller whom
// another plugin authenticated gets one. It never starts a session for the anonymous consumer.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { isPromise } from '../../lib/promise.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  exit,
  type HeaderExchange,
  type Phases,
  type PluginConfig,
  type ResponseHeadersView,
  type Step,
  slot,
} from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { authenticatedGroups } from '../shared/groups.ts';
import { type Fact, factHeaders } from './facts.ts';
import type { Jar } from './jar.ts';
import { openJars } from './jars.ts';
import { logoutCheck } from './logout.ts';
import type { schema } from './schema.ts';
import { beginSession, type Owner, type Session } from './session.ts';

type Config = PluginConfig<typeof schema>;

/** The session that stands for the caller of this request. */
const CURRENT = slot<Session>('session of the request');

export function create(config: Config, environment: Environment): Phases {
  const { entities, clock, log } = environment;
  const { main, lasting } = openJars(config, environment);
  const audience = config.audience ?? 'default';
  const isLogout = logoutCheck(config);
  const requestFacts = config.request_headers ?? [];
  const responseFacts = config.response_headers ?? [];
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);

  const addCookies = (response: ResponseHeadersView, lines: readonly string[]): void => {
    for (const line of lines) response.addHeader('Set-Cookie', utf8ToBytes(line));
  };

  /** Sets facts in headers; one without a value is removed, so that nobody else speaks for the session. */
  function tell(
    facts: readonly Fact[],
    session: Session,
    view: Pick<ResponseHeadersView, 'setHeader' | 'removeHeader'>,
  ): void {
    if (facts.length === 0) return;
    const source = { session, audience, timeouts: main.timeouts, now: nowSeconds() };
    for (const [name, value] of factHeaders(facts, source)) {
      if (value === undefined) view.removeHeader(name);
      else view.setHeader(name, utf8ToBytes(value));
    }
  }

  function admit({ client, shared, upstream }: AccessExchange, session: Session, consumer: Entity): void {
    const credential = { id: session.credential, consumer_id: consumer.id };
    client.authenticate(consumer, credential, session.credential);
    if (session.groups !== undefined) {
      upstream.setHeader('X-Authenticated-Groups', utf8ToBytes(session.groups.join(', ')));
      shared.set(authenticatedGroups, session.groups);
    }
    shared.set(CURRENT, session);
    tell(requestFacts, session, upstream);
  }

  function clear({ request }: AccessExchange, session: Session | undefined, kept: Session | undefined): string[] {
    return [...main.clear(request, session), ...(lasting?.clear(request, kept) ?? [])];
  }

  function proceed(exchange: AccessExchange, found: Session): undefined {
    const consumer = entities.get('consumers', found.consumer);
    if (consumer === undefined) {
      addCookies(exchange.response, clear(exchange, found, undefined));
      return undefined;
    }
    const { session, lines } = main.refresh(found, nowSeconds());
    addCookies(exchange.response, lines);
    admit(exchange, session, consumer);
    return undefined;
  }

  const leave = (exchange: AccessExchange, session: Session | undefined, kept: Session | undefined): Answer =>
    exit(200, undefined, { 'Set-Cookie': clear(exchange, session, kept).map(utf8ToBytes) });

  async function leaveBoth(exchange: AccessExchange, session: Session): Promise<Answer> {
    return leave(exchange, session, await lasting?.read(exchange.request, nowSeconds()));
  }

  function open(exchange: AccessExchange, found: Session | undefined): Step {
    if (found === undefined) return lasting === undefined ? undefined : comeBack(exchange, lasting);
    const isLeaving = isLogout(exchange.request);
    if (isPromise(isLeaving)) {
      return isLeaving.then((leaving) => (leaving ? leaveBoth(exchange, found) : proceed(exchange, found)));
    }
    return isLeaving === true ? leaveBoth(exchange, found) : proceed(exchange, found);
  }

  /** The running session is over, but the browser kept the other cookie: both are issued anew. */
  async function comeBack(exchange: AccessExchange, jar: Jar): Promise<Answer | undefined> {
    const now = nowSeconds();
    const kept = await jar.read(exchange.request, now);
    if (kept === undefined) return undefined;
    if (await isLogout(exchange.request)) return leave(exchange, undefined, kept);
    const consumer = entities.get('consumers', kept.consumer);
    if (consumer === undefined) {
      addCookies(exchange.response, clear(exchange, undefined, kept));
      return undefined;
    }
    const session = beginSession(kept, now);
    addCookies(exchange.response, [...main.issue(session), ...jar.refresh(kept, now).lines]);
    admit(exchange, session, consumer);
    return undefined;
  }

  function issue({ response, shared, request }: HeaderExchange, owner: Owner): void {
    const now = nowSeconds();
    const session = beginSession(owner, now);
    const old = shared.get(CURRENT);
    if (old !== undefined) main.clear(request, old);
    const lines = main.issue(session);
    if (lines.length === 0) log.error('a session is too large for cookies', { request_id: request.id });
    addCookies(response, lines);
    if (lasting !== undefined) addCookies(response, lasting.issue(beginSession(owner, now)));
    tell(responseFacts, session, response);
  }

  return {
    access(exchange) {
      const found = main.read(exchange.request, nowSeconds());
      return isPromise(found) ? found.then((session) => open(exchange, session)) : open(exchange, found);
    },
    header_filter(exchange) {
      const { client, shared, response } = exchange;
      const { consumer, credential } = client;
      if (credential === undefined || consumer === undefined) return;
      const id = typeof credential['id'] === 'string' ? credential['id'] : consumer.id;
      const current = shared.get(CURRENT);
      if (current !== undefined && current.consumer === consumer.id && current.credential === id) {
        tell(responseFacts, current, response);
        return;
      }
      issue(exchange, {
        subject: String(consumer['username'] ?? consumer['custom_id'] ?? consumer.id),
        consumer: consumer.id,
        credential: id,
        groups: shared.get(authenticatedGroups),
      });
    },
  };
}
