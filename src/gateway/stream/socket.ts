// Small doings with the sockets of clients.

/** An IPv4 address in IPv6 form becomes the IPv4 address. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
