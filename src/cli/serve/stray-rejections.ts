// Code of plugins may forget a promise. That one fails which nobody waits for is told, and ends no gateway.
import type { GatewayEvents } from '../../gateway/core.ts';

export function reportStrayRejections(log: GatewayEvents['log']): void {
  process.on('unhandledRejection', (reason) => {
    const error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    log('error', 'a promise failed that nobody waits for', { error });
  });
}
