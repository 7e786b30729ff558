// Header rules. What is there is looked at once, before the first change: a header that one rule removes is not absent for
// the next, so that the order of the rules never makes two answers of one.
import type { HeaderExchange } from '../../pdk/index.ts';
import type { HeaderRules } from './rules.ts';

export function transformHeaders(response: HeaderExchange['response'], rules: HeaderRules): void {
  const moved = rules.rename.map(({ name }) => response.headerValues(name));
  const replaced = rules.replace.filter(({ name }) => response.header(name) !== undefined);
  const added = rules.add.filter(({ name }) => response.header(name) === undefined);

  for (const name of rules.remove) response.removeHeader(name);
  for (const [index, { name, value: newName }] of rules.rename.entries()) {
    const values = moved[index]!;
    if (values.length === 0 || name.toLowerCase() === newName.toLowerCase()) continue;
    response.removeHeader(name);
    response.setHeader(newName, values);
  }
  for (const { name, value } of replaced) response.setHeader(name, value);
  for (const { name, value } of added) response.setHeader(name, value);
  for (const { name, value } of rules.append) response.addHeader(name, value);
}
