// The distinguished name of a user: attribute, name, base. The name comes from a client, so everything that means something
// in a distinguished name is escaped (RFC 4514): it can only ever be a name below the base.

const SPECIAL = /["+,;<=>\\]/g;

export function userName(attribute: string, user: string, base: string): string {
  return `${attribute}=${escapeValue(user)},${base}`;
}

function escapeValue(value: string): string {
  const escaped = value.replace(SPECIAL, '\\$&').replaceAll('\u0000', '\\00');
  const begun = escaped.startsWith(' ') || escaped.startsWith('#') ? `\\${escaped}` : escaped;
  return begun.endsWith(' ') && begun !== '\\ ' ? `${begun.slice(0, -1)}\\ ` : begun;
}
