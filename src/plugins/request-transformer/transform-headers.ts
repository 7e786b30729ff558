// Header rules. Changes are made in place, line by line; the headers that no rule names are never touched.
import type { AccessExchange } from '../../pdk/index.ts';
import type { Rules } from './rules.ts';

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
    if (request.header(name) !== undefined) upstream.setHeader(name, value);
  }
  for (const { name, value } of rules.add) {
    if (!isHost(name) && request.header(name) === undefined) upstream.setHeader(name, value);
  }
  for (const { name, value } of rules.append) if (!isHost(name)) upstream.addHeader(name, value);
}

/** The Host line is the gateway's: it can be replaced, and nothing else. */
const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === 'host';
