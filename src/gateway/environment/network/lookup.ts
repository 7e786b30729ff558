// The gateway's resolver in the shape that Node's sockets ask for.
import { isIP, type LookupFunction } from 'node:net';

/** Addresses of a host name, at once when they are known. */
export type Resolve = (host: string) => readonly string[] | Promise<readonly string[]>;

/** The addresses of a name or of an address itself; rejects when there are none. */
export async function addressesOf(host: string, resolve: Resolve): Promise<readonly [string, ...string[]]> {
  if (isIP(host) !== 0) return [host];
  const [first, ...rest] = await resolve(host);
  if (first === undefined) throw new Error(`no address for ${host}`);
  return [first, ...rest];
}

export function lookupWith(resolve: Resolve): LookupFunction {
  return (host, options, callback) => {
    addressesOf(host, resolve).then(
      (addresses) => {
        if (options.all !== true) return callback(null, addresses[0], isIP(addresses[0]));
        callback(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        );
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}
