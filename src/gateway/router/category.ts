// The category of a route in the traditional flavour: which fields it sets, one bit each, the worthier the higher.
import type { RouterRoute } from './router.ts';

export const HOST = 0x40;
export const HEADER = 0x20;
export const PATH = 0x10;
export const METHOD = 0x08;
export const SNI = 0x04;
const SOURCE = 0x02;
const DESTINATION = 0x01;

const size = (list: object | null | undefined): number =>
  list === null || list === undefined ? 0 : Object.keys(list).length;

/** The fields that a route sets, as bits. */
export function categoryOf(route: RouterRoute): number {
  const bit = (list: object | null | undefined, flag: number): number => (size(list) > 0 ? flag : 0);
  return (
    bit(route.hosts, HOST) |
    bit(route.headers, HEADER) |
    bit(route.paths, PATH) |
    bit(route.methods, METHOD) |
    bit(route.snis, SNI) |
    bit(route.sources, SOURCE) |
    bit(route.destinations, DESTINATION)
  );
}

/** More fields first, then the worthier ones. */
export function categoryOrder(category: number): number {
  let count = 0;
  for (let bits = category; bits > 0; bits >>= 1) count += bits & 1;
  return count * 0x80 + category;
}
