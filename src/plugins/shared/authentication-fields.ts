// Configuration that the authentication plugins have in common. What it means is in authentication.ts.

export const anonymous = {
  type: 'string',
  description: 'Consumer (id or username) to use when authentication fails.',
} as const;

export const hideCredentials = {
  type: 'boolean',
  required: true,
  default: false,
  description: 'Remove the credential from the request before it goes upstream.',
} as const;

export const realm = { type: 'string', description: 'Realm named in WWW-Authenticate.' } as const;

export const runOnPreflight = {
  type: 'boolean',
  required: true,
  default: true,
  description: 'Authenticate OPTIONS requests too.',
} as const;
