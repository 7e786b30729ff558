// Fills the `{{placeholders}}` of a JSON text. Values are escaped as JSON texts are, without quotes around: whoever sends
// them stays inside the text that the template put them in.
import type { JsonObject } from '../../lib/json.ts';

export type Rendered = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

const PLACEHOLDER = /\{\{([A-Za-z0-9_]+)\}\}/g;

export function renderTemplate(template: string, properties: JsonObject): Rendered {
  for (const value of Object.values(properties)) {
    if (typeof value !== 'string')
      return { ok: false, reason: `property values must be a string, got ${kindOf(value)}` };
  }
  const missing = new Set<string>();
  const text = template.replace(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
    missing.add(`[${name}]`);
    return '';
  });
  if (missing.size === 0) return { ok: true, text };
  return { ok: false, reason: `missing template parameters: ${[...missing].join(', ')}` };
}

const kindOf = (value: unknown): string =>
  value === null || value === undefined ? 'null' : typeof value === 'object' ? 'table' : typeof value;
