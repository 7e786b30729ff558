// What log records of a connection's requests repeat: kept with the connection, so that it is written once. Requests that bring
// other headers than the last one are written anew.

import type { RequestContext } from '../context.ts';
import type { HeaderList, ReceivedLines } from '../http1/headers.ts';
import type { HeaderMembers } from './header-members.ts';
import { piece } from './json-bytes.ts';
import { requestOrigin } from './log-record.ts';

export interface LoggedCaller {
  readonly host: string;
  /** Scheme, host and port, as between quotes. */
  readonly origin: Uint8Array;
  /** `{"host":"a.test"` */
  readonly hostMember: Uint8Array;
  /** Undefined before there were any. */
  received: ReceivedLines | undefined;
  /** With the host in front. */
  members: Uint8Array;
  low: number;
  high: number;
}

export function loggedCaller(context: RequestContext): LoggedCaller {
  const { notes, host } = context.exchange;
  if (notes.logged?.host !== host) {
    const hostMember = piece(`{"host":${JSON.stringify(host)}`);
    notes.logged = {
      host,
      origin: piece(JSON.stringify(requestOrigin(context)).slice(1, -1)),
      hostMember,
      received: undefined,
      members: hostMember,
      low: 0,
      high: 0,
    };
  }
  return notes.logged;
}

/** Begins with the members that the client's own lines make. */
export function addCallersLines(members: HeaderMembers, headers: HeaderList, known: LoggedCaller): void {
  const { out } = members;
  if (known.received !== undefined && headers.isReceived(known.received)) {
    members.begin('request', known.low, known.high);
    out.piece(known.members);
    return;
  }
  const from = out.length;
  members.begin('request', 0, 0);
  out.piece(known.hostMember);
  members.addReceived(headers);
  const received = members.isOdd ? undefined : headers.received();
  if (received === undefined) return;
  known.received = received;
  known.members = out.slice(from);
  known.low = members.low;
  known.high = members.high;
}
