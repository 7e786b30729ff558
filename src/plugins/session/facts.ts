// Facts of a session as header lines, for the client or the upstream.
import type { PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';
import { lifetimeLeft, type Session, secondsLeft, type Timeouts } from './session.ts';

export type Fact = NonNullable<PluginConfig<typeof schema>['request_headers']>[number];

const HEADERS: Readonly<Record<Fact, string>> = {
  id: 'Session-Id',
  audience: 'Session-Audience',
  subject: 'Session-Subject',
  timeout: 'Session-Timeout',
  'idling-timeout': 'Session-Idling-Timeout',
  'rolling-timeout': 'Session-Rolling-Timeout',
  'absolute-timeout': 'Session-Absolute-Timeout',
};

export interface FactSource {
  readonly session: Session;
  readonly audience: string;
  readonly timeouts: Timeouts;
  readonly now: number;
}

/** Name and value; a timeout without a limit has no value. */
export const factHeaders = (facts: readonly Fact[], source: FactSource): [name: string, value: string | undefined][] =>
  facts.map((fact) => [HEADERS[fact], factText(fact, source)]);

function factText(fact: Fact, { session, audience, timeouts, now }: FactSource): string | undefined {
  const left = secondsLeft(session, timeouts, now);
  switch (fact) {
    case 'id':
      return session.id;
    case 'audience':
      return audience;
    case 'subject':
      return session.subject;
    case 'timeout':
      return textOf(lifetimeLeft(session, timeouts, now));
    case 'idling-timeout':
      return textOf(left.idling);
    case 'rolling-timeout':
      return textOf(left.rolling);
    case 'absolute-timeout':
      return textOf(left.absolute);
  }
}

const textOf = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : String(Math.max(0, seconds));
