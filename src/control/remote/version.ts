// Is there a gateway at the address, and which version? The first call of every command that needs one.
import type { JsonObject } from '../../lib/json.ts';
import type { AdminClient } from './client.ts';
import { notKong } from './client.ts';

export interface GatewayVersion {
  /** As the gateway says it: `3.10.0`, `3.4.3.1`, with a suffix of its edition. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  /** The whole answer of `GET /`. */
  readonly root: JsonObject;
}

export async function readVersion(client: AdminClient): Promise<GatewayVersion> {
  const root = await client.get('/', { absent: [404] });
  const text = root?.['version'];
  const match = typeof text === 'string' ? /^(\d+)\.(\d+)/.exec(text) : null;
  if (match === null) throw notKong(client.connection, 'GET / tells no version');
  return { text: text as string, major: Number(match[1]), minor: Number(match[2]), root: root! };
}
