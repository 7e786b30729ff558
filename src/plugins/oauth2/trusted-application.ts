// The web application that authenticates users: it proves itself by the provision key and tells whom it authenticated.
import type { PluginConfig } from '../../pdk/index.ts';
import { isSameSecret } from '../shared/same-secret.ts';
import { type Failure, INVALID_PROVISION_KEY, INVALID_USER, MISSING_USER } from './failure.ts';
import type { Parameters } from './parameters.ts';
import type { schema } from './schema.ts';

type Config = Pick<PluginConfig<typeof schema>, 'provision_key'>;

const CONTROL = /[\u0000-\u001f\u007f]/;

export function checkProvisionKey({ provision_key }: Config, parameters: Parameters): Failure | undefined {
  const sent = parameters.text('provision_key') ?? '';
  return sent !== '' && isSameSecret(sent, provision_key) ? undefined : INVALID_PROVISION_KEY;
}

/** The id goes upstream in a header. */
export function checkUserId(parameters: Parameters): Failure | undefined {
  const id = parameters.text('authenticated_userid');
  if (id === undefined || id.trim() === '') return MISSING_USER;
  return CONTROL.test(id) ? INVALID_USER : undefined;
}
