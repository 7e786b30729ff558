// What plugins may know of the node and of the process that they run in.
import { hostname } from 'node:os';
import { properties } from '../../config/properties.ts';
import { tracingSettings } from '../../config/tracing.ts';
import { newUuid } from '../../lib/ids.ts';
import type { Environment, NodeFigures, NodeTracing } from '../../pdk/index.ts';

interface Counted {
  readonly requests: number;
  readonly connections: number;
  readonly accepted: number;
}

export function nodeOf(
  { nodeId, tracing }: { readonly nodeId?: string; readonly tracing?: NodeTracing },
  counted: () => Counted,
): Environment['node'] {
  const { tracing_instrumentations: words, tracing_sampling_rate: rate } = properties;
  return {
    id: nodeId ?? newUuid(),
    hostname: hostname(),
    tracing: tracing ?? tracingSettings(words.default, rate.default),
    figures: () => nodeFigures(counted()),
  };
}

function nodeFigures({ connections, accepted, requests }: Counted): NodeFigures {
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  return {
    connections: { active: connections, accepted },
    requests,
    memory: { process: rss, objects: heapUsed, allocated: heapTotal },
  };
}
