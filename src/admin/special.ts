// Endpoints that do not follow from a schema. A route is a path with `{parameters}` and a function for each method.
import type { Json, JsonObject } from '../lib/json.ts';
import type { AutoSource } from '../schema/process.ts';
import type { Store } from '../store/store.ts';
import type { NodeInfo } from './node.ts';
import type { Reply } from './reply.ts';
import { absentRoutes } from './routes/absent.ts';
import { bulkRoutes } from './routes/bulk.ts';
import { configRoutes } from './routes/config.ts';
import { consumerGroupRoutes } from './routes/consumer-groups.ts';
import { debugRoutes } from './routes/debug.ts';
import { healthRoutes } from './routes/health.ts';
import { informationRoutes } from './routes/information.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { schemaRoutes } from './routes/schemas.ts';
import { tagRoutes } from './routes/tags.ts';

export interface SpecialRequest {
  readonly store: Store;
  readonly node: NodeInfo;
  readonly auto: AutoSource;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** A body that is no JSON and no form, where the route takes one. */
  readonly text: string | undefined;
  readonly parse: ParseDocument;
  /** All routes of this kind, those of plugins included. */
  readonly routes: readonly SpecialRoute[];
  /** Values of the `{parameters}`, in order. */
  readonly params: readonly string[];
}

/** Reads a YAML or JSON text within limits. */
export type ParseDocument = (
  text: string,
) => Promise<
  { readonly ok: true; readonly value: Json | undefined } | { readonly ok: false; readonly message: string }
>;

export interface SpecialRoute {
  readonly path: readonly string[];
  /** The path follows from a schema as well: methods that are not here are that entity's. */
  readonly alongside?: true;
  /** Bodies in YAML too, and large ones. */
  readonly takes?: 'any document';
  /** Large bodies are configurations, and are read elsewhere where that can be done. */
  readonly isReadApart?: true;
  readonly methods: Readonly<Record<string, (request: SpecialRequest) => Reply | Promise<Reply>>>;
  /** What each method does, for the description of the Admin API. */
  readonly describes?: Readonly<Record<string, string>>;
}

const routes: readonly SpecialRoute[] = [
  ...absentRoutes,
  ...bulkRoutes,
  ...configRoutes,
  ...consumerGroupRoutes,
  ...debugRoutes,
  ...healthRoutes,
  ...informationRoutes,
  ...metricsRoutes,
  ...schemaRoutes,
  ...tagRoutes,
];

export const listSpecial = (): readonly SpecialRoute[] => routes;

/**
 * The first route whose fixed segments match, the most specific ones being tried first.
 * @param more routes besides those that every Admin API has
 */
export function findSpecial(
  segments: readonly string[],
  more: readonly SpecialRoute[] = [],
): { route: SpecialRoute; params: string[] } | undefined {
  let best: { route: SpecialRoute; params: string[] } | undefined;
  for (const route of more.length === 0 ? routes : [...routes, ...more]) {
    if (route.path.length !== segments.length) continue;
    if (!route.path.every((part, i) => part.startsWith('{') || part === segments[i])) continue;
    const params = segments.filter((_, i) => route.path[i]!.startsWith('{'));
    if (best === undefined || params.length < best.params.length) best = { route, params };
  }
  return best;
}
