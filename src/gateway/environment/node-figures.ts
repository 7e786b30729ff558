// What plugins may know of the process that they run in.
import type { NodeFigures } from '../../pdk/index.ts';

export function nodeFigures(counted: {
  readonly requests: number;
  readonly connections: number;
  readonly accepted: number;
}): NodeFigures {
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  return {
    connections: { active: counted.connections, accepted: counted.accepted },
    requests: counted.requests,
    memory: { process: rss, objects: heapUsed, allocated: heapTotal },
  };
}
