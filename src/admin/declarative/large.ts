// Large bodies of `POST /config`: read and judged where that keeps nobody waiting, a thread as a rule, answer included. What
// is left to do here is done in slices, or is short.
import type { State } from '../../state/state.ts';
import type { Store } from '../../store/store.ts';
import { type BodyHead, DOCUMENT_LIMITS, parseBody } from '../body.ts';
import type { Reply } from '../reply.ts';
import { exportEntities } from './export.ts';
import { type ReadingParts, readConfiguration } from './read.ts';

/** Smaller ones are read in less time than a thread takes to start. */
export const LARGE_BYTES = 256 * 1024;

/** Copied from thread to thread, so plain values only. */
export interface LargeConfiguration {
  readonly bytes: Uint8Array;
  readonly head: BodyHead;
  readonly query: string;
  /** Of the configuration in use. */
  readonly knownHash: string;
}

/** Sent as it is. */
interface WrittenReply extends Reply {
  readonly body?: Uint8Array;
}

export type LargeResult<Taken> =
  | ({ readonly ok: true; readonly hash: string; readonly answer: Uint8Array } & Taken)
  | { readonly ok: false; readonly reply: WrittenReply };

/** Reads what it is given by `readLarge`, elsewhere. The bytes may be gone afterwards. */
export type LoadApart = (given: LargeConfiguration) => Promise<LargeResult<{ readonly state: State }>>;

const write = (body: Reply['body']): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

/** The work itself. */
export async function readLarge(
  { bytes, head, query, knownHash }: LargeConfiguration,
  parts: ReadingParts,
): Promise<LargeResult<{ readonly state: State }>> {
  const body = parseBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), head, DOCUMENT_LIMITS, 'text');
  if (!body.ok) return { ok: false, reply: written(body.reply) };
  const { value, text } = body;
  const read = await readConfiguration({ body: value, text, query: new URLSearchParams(query), knownHash }, parts);
  if (!read.ok) return { ok: false, reply: written(read.reply) };
  return { ...read, answer: write(exportEntities(read.state)) };
}

const written = ({ body, ...rest }: Reply): WrittenReply =>
  body === undefined ? rest : { ...rest, body: write(body) };

export async function loadLarge(
  store: Store,
  loadApart: LoadApart,
  given: Omit<LargeConfiguration, 'knownHash'>,
): Promise<Reply> {
  const loaded = await loadApart({ ...given, knownHash: store.configurationHash });
  if (!loaded.ok) return loaded.reply;
  await store.replace(loaded.state, loaded.hash);
  return { status: 201, body: loaded.answer };
}
