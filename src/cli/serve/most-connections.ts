// `nginx_events_worker_connections`: a number, or what a process can bear.
import { readFileSync } from 'node:fs';

const MOST = 16_384;
/** The others are for connections to upstreams, and for files. */
const SHARE_OF_CLIENTS = 0.75;

export const mostConnections = (setting: string): number =>
  setting === 'auto' ? Math.min(MOST, Math.floor(descriptors() * SHARE_OF_CLIENTS)) : Number(setting);

/** As many as this process may have open; the runtime has raised that to what the system allows. */
function descriptors(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    // Only Linux tells it there.
    return Number.POSITIVE_INFINITY;
  }
}
