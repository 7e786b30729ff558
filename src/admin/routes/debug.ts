// `/debug/…`: the level of the log, read and changed while the node runs. A changed level lasts for `timeout` seconds,
// 60 unless told; 0 keeps it.
import { message, methodNotAllowed, type Reply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 86_400 * 24;

/** kong.conf's levels, the least severe first. */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

export const debugRoutes: readonly SpecialRoute[] = [
  {
    path: ['debug', 'node', 'log-level'],
    methods: { GET: ({ node }) => message(200, `log level: ${node.logLevel?.current() ?? 'notice'}`) },
    describes: { GET: 'The level of the log of this node' },
  },
  {
    path: ['debug', 'node', 'log-level', '{log_level}'],
    methods: { PUT: setLevel },
    describes: { PUT: 'Change the level of the log of this node for a while' },
  },
  {
    path: ['debug', 'cluster', 'log-level', '{log_level}'],
    methods: { PUT: setLevel },
    describes: { PUT: 'Change the level of the log' },
  },
];

function setLevel({ node, store, params, query }: SpecialRequest): Reply {
  const level = params[0] as LogLevelName;
  const { logLevel } = node;
  if (logLevel === undefined) return methodNotAllowed;
  if (store.kind === 'declarative') return message(405, 'cannot change log level when not using a database');
  if (!LOG_LEVELS.includes(level)) return message(400, `unknown log level: ${params[0]}`);
  const asked = Number(query.get('timeout') || Number.NaN);
  const timeout = Number.isNaN(asked) ? DEFAULT_TIMEOUT_SECONDS : Math.ceil(asked);
  if (timeout < 0) return message(400, 'timeout must be greater than or equal to 0');
  if (logLevel.current() === level) return message(200, `log level is already ${level}`);
  logLevel.set(level, Math.min(timeout, MAX_TIMEOUT_SECONDS));
  return message(200, 'log level changed');
}
