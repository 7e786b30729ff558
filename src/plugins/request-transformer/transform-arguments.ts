// Rules on query arguments and on fields of urlencoded forms.
import type { FormArguments } from '../../lib/form-arguments.ts';
import type { Rules } from './rules.ts';

/** Changes `values`; answers whether anything is different now. */
export function transformArguments(values: FormArguments, rules: Rules): boolean {
  let isChanged = false;
  for (const name of rules.remove) if (values.delete(name)) isChanged = true;
  for (const { name, value: newName } of rules.rename) {
    const list = values.get(name);
    if (list === undefined || name === newName) continue;
    values.delete(name);
    values.set(newName, list);
    isChanged = true;
  }
  for (const { name, value } of rules.replace) {
    if (!values.has(name)) continue;
    values.set(name, [value]);
    isChanged = true;
  }
  for (const { name, value } of rules.add) {
    if (values.has(name)) continue;
    values.set(name, [value]);
    isChanged = true;
  }
  for (const { name, value } of rules.append) {
    const list = values.get(name);
    if (list === undefined) values.set(name, [value]);
    else list.push(value);
    isChanged = true;
  }
  return isChanged;
}
