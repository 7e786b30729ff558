// Which of two routes for connections is asked first.
import type { AddressField } from './addresses.ts';
import { categoryOf, categoryOrder } from './category.ts';
import type { Part } from './part.ts';
import type { RouterOptions, RouterRoute } from './router.ts';

type Order = Pick<Part<unknown>, 'high' | 'middle' | 'low' | 'tie' | 'id'>;

const ABOVE_ALL = 2;

/** undefined when it sets none of the fields. */
export function streamOrder(route: RouterRoute, flavor: RouterOptions['flavor']): Order | undefined {
  const { id, expression, priority } = route;
  if (flavor === 'expressions' && typeof expression === 'string') {
    return { high: ABOVE_ALL, middle: priority ?? 0, low: 0, tie: 0, id };
  }
  const [sources, destinations, snis] = [route.sources ?? [], route.destinations ?? [], route.snis ?? []];
  if (sources.length + destinations.length + snis.length === 0) return undefined;
  if (flavor === 'traditional') {
    const isExact = [...sources, ...destinations].some(({ ip, port }) => isSet(ip) && isSet(port));
    return {
      high: categoryOrder(categoryOf(route)),
      middle: Number(isExact),
      low: 0,
      tie: route.created_at ?? 0,
      id: '',
    };
  }
  const isSpecial = snis.length > 0 || (sources.length > 0 && destinations.length > 0);
  const addresses = addressBits(sources) * 16 + addressBits(destinations);
  return { high: Number(isSpecial), middle: addresses, low: 0, tie: 0, id };
}

const isSet = <T>(value: T | null | undefined): boolean => value !== null && value !== undefined;

/** An address counts more than a port, and that more than a range. */
function addressBits(items: readonly AddressField[]): number {
  const isRange = ({ ip }: AddressField): boolean => ip?.includes('/') === true;
  return (
    (items.some((item) => isSet(item.ip) && !isRange(item)) ? 8 : 0) |
    (items.some(({ port }) => isSet(port)) ? 4 : 0) |
    (items.some(isRange) ? 1 : 0)
  );
}
