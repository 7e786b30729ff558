// Many requests at once over few connections, each of which sends the next one as soon as it has its answer.
import { Agent, request } from 'node:http';

/** How many answers had which status. */
export async function flood(
  port: number,
  options: {
    readonly requests: number;
    readonly connections: number;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Map<number, number>> {
  const { requests, connections, path = '/get', headers = {} } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses = new Map<number, number>();
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = await new Promise<number>((resolve, reject) => {
        const outgoing = request({ host: '127.0.0.1', port, path, headers, agent }, (incoming) => {
          incoming.resume();
          incoming.on('error', reject);
          incoming.on('end', () => resolve(incoming.statusCode!));
        });
        outgoing.on('error', reject);
        outgoing.end();
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return statuses;
}
