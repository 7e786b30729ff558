// What log records of a connection's requests repeat: kept with the connection, so that it is written once. Requests that bring
// other headers than the last one are written anew.
import type { RequestContext } from '../context.ts';
import type { HeaderList, ReceivedLines } from '../http1/headers.ts';
import { flat } from '../http1/own-lines.ts';
import type { HeaderMembers } from './header-members.ts';
import { requestOrigin } from './log-record.ts';
import { quote, quoted } from './quote.ts';

export interface LoggedCaller {
  readonly host: string;
  /** Scheme, host and port, as between quotes. */
  readonly origin: string;
  /** `{"host":"a.test"` */
  readonly hostMember: string;
  /** Undefined before there were any. */
  received: ReceivedLines | undefined;
  /** With the host in front. */
  members: string;
  low: number;
  high: number;
}

export function loggedCaller(context: RequestContext): LoggedCaller {
  const { notes, host } = context.exchange;
  if (notes.logged?.host !== host) {
    notes.logged = {
      host,
      origin: flat(quoted(requestOrigin(context))),
      hostMember: flat(`{"host":${quote(host)}`),
      received: undefined,
      members: '',
      low: 0,
      high: 0,
    };
  }
  return notes.logged;
}

/** Begins with the members that the client's own lines make. */
export function addCallersLines(members: HeaderMembers, headers: HeaderList, known: LoggedCaller): void {
  if (known.received !== undefined && headers.isReceived(known.received)) {
    members.begin(known.members, known.low, known.high);
    return;
  }
  members.begin(known.hostMember, 0, 0);
  members.addReceived(headers);
  const received = members.isOdd ? undefined : headers.received();
  if (received === undefined) return;
  known.received = received;
  known.members = flat(members.text);
  known.low = members.low;
  known.high = members.high;
}
