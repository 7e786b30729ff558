// `security` becomes the openid-connect plugin. A plugin can only demand one thing, so one requirement with one scheme of type
// openIdConnect is all that can be said; anything else is a mistake unless it is to be passed over.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';
import { type Spec, textsAt } from './spec.ts';

export const SECURITY_PLUGIN = 'openid-connect';

export type OnUnsupported = 'report' | 'ignore';

/** @returns the plugin without its id; `inherited` when nothing is demanded here. */
export function makeSecurity(
  spec: Spec,
  security: Json | undefined,
  path: Path,
  inherited: JsonObject | undefined,
  onUnsupported: OnUnsupported,
): JsonObject | undefined {
  const requirements = Array.isArray(security) ? security.filter(isObject) : [];
  const [requirement] = requirements;
  if (requirement === undefined || Object.keys(requirement).length === 0) return inherited;
  const refuse = (message: string): JsonObject | undefined => {
    if (onUnsupported === 'report') spec.report(path, message, 'Pass --ignore-security-errors to pass over it.');
    return inherited;
  };
  const [name, ...others] = Object.keys(requirement);
  if (requirements.length > 1) return refuse('only one security requirement can be converted');
  if (name === undefined || others.length > 0)
    return refuse('only one scheme in a security requirement can be converted');
  const schemes = isObject(spec.root['components']) ? spec.root['components']['securitySchemes'] : undefined;
  const at = ['components', 'securitySchemes', name];
  const scheme = spec.resolve(isObject(schemes) ? schemes[name] : undefined, at);
  if (!isObject(scheme)) return refuse(`the security scheme '${name}' is not defined`);
  if (scheme['type'] !== 'openIdConnect')
    return refuse(`only schemes of type openIdConnect can be converted, not '${name}'`);
  const plugin = spec.extension(scheme, `x-kong-security-${SECURITY_PLUGIN}`, at) ?? {};
  const config: JsonObject = isObject(plugin['config']) ? plugin['config'] : {};
  const scopes = [
    ...(textsAt(spec, config['scopes_required'], [...at, 'config', 'scopes_required']) ?? []),
    ...(textsAt(spec, requirement[name], [...path, 0, name]) ?? []),
  ];
  // What the extension says is about Kong, what the scheme says about the API: the first wins.
  const issuer = scheme['openIdConnectUrl'];
  if (config['issuer'] === undefined && typeof issuer === 'string') config['issuer'] = issuer;
  config['scopes_required'] = [...new Set(scopes)].sort();
  return { ...plugin, name: SECURITY_PLUGIN, config };
}
