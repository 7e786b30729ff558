// A setting of the JavaScript engine of this process, from now on. What the user gave to node himself stays as he wants it.
import { setFlagsFromString } from 'node:v8';

/** @param name as V8 calls it, without dashes before it. */
export function setEngineFlag(name: string, value: number | string): void {
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  // V8 takes underscores for dashes.
  const names = given.map((text) => text.split('=', 1)[0]?.replaceAll('_', '-'));
  if (!names.includes(`--${name}`)) setFlagsFromString(`--${name}=${value}`);
}
