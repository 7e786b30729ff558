// Header rules. Changes are made in place, line by line; the headers that no rule names are never touched.
import type { AccessExchange } from '../../pdk/index.ts';
import type { Rules } from './rules.ts';

const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f]/g;

export function transformHeaders({ request, upstream }: AccessExchange, rules: Rules): void {
  for (const name of rules.remove) if (!isHost(name)) upstream.removeHeader(name);
  for (const { name, value: newName } of rules.rename) {
    if (name === newName || isHost(name)) continue;
    const values = request.headerValues(name);
    if (values.length === 0) continue;
    upstream.removeHeader(name);
    upstream.setHeader(newName, values);
  }
  for (const { name, value } of rules.replace) {
    if (request.header(name) !== undefined) upstream.setHeader(name, visible(value));
  }
  for (const { name, value } of rules.add) {
    if (!isHost(name) && request.header(name) === undefined) upstream.setHeader(name, visible(value));
  }
  for (const { name, value } of rules.append) if (!isHost(name)) upstream.addHeader(name, visible(value));
}

/** The Host line is the gateway's: it can be replaced, and nothing else. */
const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === 'host';

/** Control characters that a template took from the request, escaped: a header value cannot have them. */
const visible = (value: string): string =>
  value.replace(CONTROLS, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
