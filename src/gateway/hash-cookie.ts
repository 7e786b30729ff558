// The cookie by which a client's next request hashes alike, among those that the upstream sets: one of the same name gives
// way to it.
import type { HeaderList } from './http1/headers.ts';

export function replaceCookie(headers: HeaderList, cookie: string): void {
  const start = cookie.slice(0, cookie.indexOf('=') + 1);
  const others = headers.getAll('set-cookie').filter((one) => !one.startsWith(start));
  headers.remove('Set-Cookie');
  for (const other of others) headers.add('Set-Cookie', other);
  headers.add('Set-Cookie', cookie);
}
