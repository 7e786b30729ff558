// What log records of a connection's requests repeat: kept with the connection, so that it is written once. Requests that bring
// other headers than the last one are written anew.
import type { RequestContext } from '../context.ts';
import type { HeaderList, ReceivedLines } from '../http1/headers.ts';
import type { HeaderMembers } from './header-members.ts';
import { piece } from './json-bytes.ts';
import { requestOrigin } from './log-record.ts';

export interface LoggedCaller {
  readonly host: string;
  clientIp: string;
  /** `","url":"http://a.test:80` */
  readonly url: Uint8Array;
  /** `{"host":"a.test"` */
  readonly start: Uint8Array;
  /** `},"client_ip":"127.0.0.1","started_at":`, of the address that the last request came from. */
  client: Uint8Array;
  /** Undefined before there were any. */
  received: ReceivedLines | undefined;
  /** With the start in front. */
  members: Uint8Array;
  low: number;
  high: number;
}

export function loggedCaller(context: RequestContext): LoggedCaller {
  const { clientIp } = context;
  const { notes, host } = context.exchange;
  const { logged } = notes;
  if (logged?.host === host) {
    if (logged.clientIp !== clientIp) {
      logged.clientIp = clientIp;
      logged.client = clientPiece(clientIp);
    }
    return logged;
  }
  const start = piece(`{"host":${JSON.stringify(host)}`);
  notes.logged = {
    host,
    clientIp,
    url: piece(`","url":${JSON.stringify(requestOrigin(context)).slice(0, -1)}`),
    start,
    client: clientPiece(clientIp),
    received: undefined,
    members: start,
    low: 0,
    high: 0,
  };
  return notes.logged;
}

const clientPiece = (clientIp: string): Uint8Array => piece(`},"client_ip":${JSON.stringify(clientIp)},"started_at":`);

/** Those lines that the client sent. */
export function addCallersLines(members: HeaderMembers, headers: HeaderList, known: LoggedCaller): void {
  const { out } = members;
  if (known.received !== undefined && headers.isReceived(known.received)) {
    members.beginRequest(known.low, known.high);
    out.piece(known.members);
    return;
  }
  const from = out.length;
  members.beginRequest(0, 0);
  out.piece(known.start);
  members.addReceived(headers);
  const received = members.isOdd ? undefined : headers.received();
  if (received === undefined) return;
  known.received = received;
  known.members = out.slice(from);
  known.low = members.low;
  known.high = members.high;
}
