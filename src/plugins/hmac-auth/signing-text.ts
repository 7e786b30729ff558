// What a signature is over: a line for each signed name. Two names stand for the request itself, whatever headers it has.
import type { RequestView } from '../../pdk/index.ts';

export const signingText = (request: RequestView, names: readonly string[]): string =>
  names.map((name) => line(request, name)).join('\n');

function line(request: RequestView, name: string): string {
  if (name === 'request-line') return `${request.method} ${request.target} HTTP/${version(request.httpVersion)}`;
  if (name === '@request-target') return `@request-target: ${request.method.toLowerCase()} ${request.target}`;
  const value = request.header(name);
  return value === undefined ? `${name}:` : `${name}: ${value}`;
}

const version = (httpVersion: number): string => httpVersion.toFixed(1);
