// The log of the running gateway, on standard error: one line an event, with its details as JSON.
import type { GatewayEvents, LogLevel } from '../../gateway/core.ts';

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** kong.conf's levels by our severities. */
const LEAST: Readonly<Record<string, number>> = { debug: 0, info: 1, notice: 1, warn: 2 };

/** Control characters would let a client write lines of his own. */
const clean = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/g, ' ');

/** @param level the least severity, asked for each event: it may change. */
export function createServerLog(level: () => string, write: (line: string) => void): GatewayEvents['log'] {
  return (severity, message, details) => {
    if (SEVERITY[severity] < (LEAST[level()] ?? 3)) return;
    const rest = details === undefined ? '' : ` ${JSON.stringify(details)}`;
    write(`${new Date().toISOString()} [${severity}] ${clean(message)}${rest}\n`);
  };
}
