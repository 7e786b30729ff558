// Every error a user can meet has a code in this table. Expected failures inside the program are values; what is thrown
// across a boundary is a GwctlError, so that the command line can print it without a stack trace.

/** code → the default hint, printed below the message; empty when the message says it all. */
export const ERROR_CODES = {
  E_USAGE: 'Run the command with --help for its flags and examples.',
  E_FILE_READ: 'Check the path and its permissions.',
  E_FILE_SYNTAX: '',
  E_FILE_INVALID: 'Nothing was changed. Fix the file and run the command again.',
  E_ENV_MISSING: 'Set the variable, or remove the reference from the file.',
  E_CONFIG: '',
  E_UNREACHABLE: 'Is the gateway running, and is --kong-addr the address of its Admin API?',
  E_NOT_KONG: 'Point --kong-addr at a Kong Admin API (port 8001 by default), not at the proxy.',
  E_UNAUTHORIZED: 'Pass --kong-admin-token or --headers with credentials for this Admin API.',
  E_REMOTE: '',
  E_PARTIAL: 'What was done stays done. Run the same command again to finish, or sync the previous file to go back.',
  E_STORE: '',
  E_STORE_UNAVAILABLE: 'Nothing was changed. Requests are still served from what was read last.',
  E_STORE_READ_ONLY: 'Change the file that the gateway was started with, or send a whole configuration to /config.',
  E_LISTEN: 'Stop the other process, or choose another address.',
  E_INTERRUPTED: '',
  E_INTERNAL: 'This is a defect in gwctl. Please report it with the command and the state file that caused it.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class GwctlError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** Further lines printed as they are: code frames, lists of violations. */
  readonly details: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; details?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GwctlError';
    this.code = code;
    this.hint = options.hint ?? ERROR_CODES[code];
    this.details = options.details ?? '';
  }
}
