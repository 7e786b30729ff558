// For which service a code or token is good: the one it was given for, or, with global credentials, every one whose plugin
// takes such tokens.
import type { AccessExchange } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';

export const serviceOf = (row: Entity): string | undefined => (row['service'] as { id: string } | null | undefined)?.id;

export const isGoodFor = (row: Entity, { service }: Pick<AccessExchange, 'service'>, isGlobal: boolean): boolean => {
  const own = serviceOf(row);
  return own === undefined ? isGlobal : own === service?.id;
};
