// Severities of syslog: what a record gets by the status of its response, and which are worth sending.

export const SEVERITIES = ['debug', 'info', 'notice', 'warning', 'err', 'crit', 'alert', 'emerg'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const severity = { type: 'string', default: 'info', one_of: SEVERITIES } as const;

export const severityDescriptions = {
  log_level: 'Least severe severity that is sent.',
  successful_severity: 'Severity of responses below 400.',
  client_errors_severity: 'Severity of responses from 400 to 499.',
  server_errors_severity: 'Severity of responses from 500.',
} as const;

/** The number on the wire: the more severe, the smaller. */
const CODES: Readonly<Record<Severity, number>> = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

export interface SeverityConfig {
  readonly log_level: Severity | null;
  readonly successful_severity: Severity | null;
  readonly client_errors_severity: Severity | null;
  readonly server_errors_severity: Severity | null;
}

/** The code of a response's severity; undefined when it is below what is sent. */
export function createSeverityChooser(config: SeverityConfig): (status: number) => number | undefined {
  const codeOf = (name: Severity | null): number => CODES[name ?? 'info'];
  const limit = codeOf(config.log_level);
  const ifSent = (code: number): number | undefined => (code <= limit ? code : undefined);
  const success = ifSent(codeOf(config.successful_severity));
  const clientError = ifSent(codeOf(config.client_errors_severity));
  const serverError = ifSent(codeOf(config.server_errors_severity));
  return (status) => (status >= 500 ? serverError : status >= 400 ? clientError : success);
}
