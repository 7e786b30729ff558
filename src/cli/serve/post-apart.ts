// Reads large bodies of `POST /config` in a thread of their own, as load-apart.ts does with files; one after the other, for
// each takes its memory.
import type { LargeConfiguration, LargeResult, LoadApart } from '../../admin/declarative/large.ts';
import type { Config } from '../../config/load.ts';
import type { RouterFlavor, SchemaUse } from '../../entities/registry.ts';
import { resultInSlices } from '../../gateway/slices.ts';
import { GwctlError } from '../../lib/errors.ts';
import { areAllBundled } from '../../plugins/loader.ts';
import { createState, type Fact, type State } from '../../state/state.ts';
import type { Store } from '../../store/store.ts';
import { schemaUse } from '../schema-use.ts';
import { readInThread } from './fact-thread.ts';

/** What the thread needs to make the same schemas. */
export interface PostTask extends LargeConfiguration {
  readonly plugins: readonly string[];
  readonly routerFlavor: RouterFlavor;
  readonly use: SchemaUse;
}

export type PostRead = LargeResult<object>;

/** While a configuration is put together, a request may have to wait this long. */
const SLICE_MS = 1;

/** Undefined where it cannot be: the code of a user's plugins may have changed on disk. */
export function createPostReader(store: Store, config: Config): LoadApart | undefined {
  if (store.kind !== 'declarative' || !areAllBundled(config.plugins)) return undefined;
  const more = { plugins: config.plugins, routerFlavor: config.router_flavor, use: schemaUse(config) };
  let last: Promise<unknown> = Promise.resolve();
  const read = async (given: LargeConfiguration): Promise<LargeResult<{ readonly state: State }>> => {
    const facts: Fact[] = [];
    const task: PostTask = { ...given, ...more };
    const bytes = given.bytes.buffer as ArrayBuffer;
    const result = await readInThread<PostRead>('post-thread', task, (piece) => void facts.push(...piece), [bytes]);
    if (!result.ok) return result;
    const state = await resultInSlices(createState(store.state.schemas).adopting(facts), SLICE_MS);
    if (!state.ok) throw new GwctlError('E_INTERNAL', `a configuration that was right is refused: ${state.error.code}`);
    return { ...result, state: state.value };
  };
  return (given) => {
    const next = last.then(() => read(given));
    last = next.catch(() => undefined);
    return next;
  };
}
