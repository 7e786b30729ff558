// The view of an upstream's health that the Admin API shows: one row for each target, and the sum of all.
import type { Address } from './address.ts';
import type { ResolvedTarget, TargetSet } from './targets.ts';

export type HealthWord = 'HEALTHY' | 'UNHEALTHY' | 'HEALTHCHECKS_OFF' | 'DNS_ERROR';

export interface WeightStatus {
  readonly total: number;
  readonly available: number;
  readonly unavailable: number;
}

export interface AddressStatus {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly health: HealthWord;
}

// A type and not an interface: it has to pass as JSON.
export type TargetStatus = {
  readonly host: string;
  readonly port: number;
  readonly dns: string;
  readonly nodeWeight: number;
  readonly weight: { readonly total: number; readonly available: number; readonly unavailable: number };
  readonly addresses: {
    readonly ip: string;
    readonly port: number;
    readonly weight: number;
    readonly health: HealthWord;
  }[];
};

export interface TargetHealth {
  readonly targetId: string;
  readonly health: HealthWord;
  readonly data: TargetStatus;
}

export function weigh(addresses: readonly Address[]): WeightStatus {
  let total = 0;
  let available = 0;
  for (const address of addresses) {
    total += address.weight;
    if (address.isAvailable) available += address.weight;
  }
  return { total, available, unavailable: total - available };
}

/** Does enough of the weight remain? Nothing at all is never enough. */
export const isAboveThreshold = ({ total, unavailable }: WeightStatus, threshold: number): boolean =>
  total > 0 && ((total - unavailable) / total) * 100 > threshold;

export function describeTargets(targets: TargetSet, isChecked: boolean): TargetHealth[] {
  return targets.all.map((entry) => ({
    targetId: entry.target.id,
    health: verdictOf(entry, isChecked),
    data: describeTarget(entry, isChecked),
  }));
}

function verdictOf({ target, addresses }: ResolvedTarget, isChecked: boolean): HealthWord {
  if (target.weight === 0) return 'HEALTHCHECKS_OFF';
  if (addresses.length === 0) return 'DNS_ERROR';
  if (!isChecked) return 'HEALTHCHECKS_OFF';
  return addresses.some((address) => address.isAvailable) ? 'HEALTHY' : 'UNHEALTHY';
}

function describeTarget(entry: ResolvedTarget, isChecked: boolean): TargetStatus {
  const { target, addresses, hostname, port, kind, failure } = entry;
  return {
    host: hostname,
    port,
    dns: failure ?? kind,
    nodeWeight: target.weight,
    weight: { ...weigh(addresses) },
    addresses: addresses.map((address) => ({
      ip: address.address,
      port: address.port,
      weight: address.weight,
      health: !isChecked || address.weight === 0 ? 'HEALTHCHECKS_OFF' : address.isAvailable ? 'HEALTHY' : 'UNHEALTHY',
    })),
  };
}
