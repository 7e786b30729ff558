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
