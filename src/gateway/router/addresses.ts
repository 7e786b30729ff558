// Rules about where a connection comes from and goes to: an address or a range, a port, or both; one of them has to fit.
import { type AddressRange, isInRange, parseAddress, parseLooseRange } from '../../lib/address.ts';

export interface AddressRule {
  readonly range: AddressRange | undefined;
  /** 0 for any. */
  readonly port: number;
}

export interface AddressField {
  readonly ip?: string | null;
  readonly port?: number | null;
}

/** undefined when there is nothing to check. */
export function compileAddresses(items: readonly AddressField[] | null | undefined): AddressRule[] | undefined {
  if (items === null || items === undefined || items.length === 0) return undefined;
  return items.map(({ ip, port }) => ({
    range: typeof ip === 'string' ? parseLooseRange(ip) : undefined,
    port: port ?? 0,
  }));
}

export function addressesFit(
  rules: readonly AddressRule[],
  address: string | undefined,
  port: number | undefined,
): boolean {
  const parsed = address === undefined ? undefined : parseAddress(address);
  return rules.some(
    (rule) =>
      (rule.port === 0 || rule.port === port) &&
      (rule.range === undefined || (parsed !== undefined && isInRange(rule.range, parsed))),
  );
}
