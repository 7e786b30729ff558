// A thread that reads a state while this one serves requests: its entities come over in small pieces, each asked for when the
// one before was taken, and then the rest of what the reading comes to.
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { parentPort, Worker } from 'node:worker_threads';
import type { Fact, State } from '../../state/state.ts';
import { factsOf } from '../../state/succession.ts';
import { packError, unpackError, type WireError } from '../workers/messages.ts';

type FromThread<Rest> =
  | { readonly type: 'facts'; readonly facts: readonly Fact[] }
  | { readonly type: 'done'; readonly rest: Rest }
  | { readonly type: 'failed'; readonly error: WireError };

/** What the other side takes in about 2 ms. */
const PIECE = 250;

/**
 * @param name of the file that the thread runs, beside this one and as it is: source or built
 * @param take is given every entity once, some at a time
 * @param given to the thread instead of a copy
 */
export function readInThread<Rest>(
  name: string,
  task: unknown,
  take: (facts: readonly Fact[]) => void,
  given: readonly ArrayBuffer[] = [],
): Promise<Rest> {
  const entry = join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
  const thread = new Worker(entry, { workerData: task, transferList: [...given] });
  const done = new Promise<Rest>((resolve, reject) => {
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error(`the thread ${name} ended before it was done`)));
    thread.on('message', (message: FromThread<Rest>) => {
      if (message.type === 'done') return resolve(message.rest);
      if (message.type === 'failed') return reject(unpackError(message.error));
      take(message.facts);
      return thread.postMessage('more');
    });
  });
  // A process that ends does not wait for what it would not use. Last, for to listen is to wait.
  thread.unref();
  return done.finally(() => void thread.terminate());
}

export interface ReadState<Rest> {
  /** Undefined when there is none to be had. */
  readonly state: State | undefined;
  readonly rest: Rest;
  /** Parts of the rest that are given instead of copied. */
  readonly given?: readonly ArrayBuffer[];
}

/** The thread's side. */
export async function tellFacts<Rest>(read: () => Promise<ReadState<Rest>>): Promise<void> {
  const tell = (message: FromThread<Rest>, given: readonly ArrayBuffer[] = []): void =>
    parentPort?.postMessage(message, [...given]);
  try {
    const { state, rest, given } = await read();
    if (state !== undefined) {
      for (const facts of piecesOf(state)) {
        tell({ type: 'facts', facts });
        await once(parentPort!, 'message');
      }
    }
    tell({ type: 'done', rest }, given);
  } catch (error) {
    tell({ type: 'failed', error: packError(error) });
  }
}

function* piecesOf(state: State): Generator<readonly Fact[], void> {
  let facts: Fact[] = [];
  for (const fact of factsOf(state)) {
    facts.push(fact);
    if (facts.length < PIECE) continue;
    yield facts;
    facts = [];
  }
  if (facts.length > 0) yield facts;
}
