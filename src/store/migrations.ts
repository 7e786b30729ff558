// Which steps bring the tables of a database to the form that this program knows. Steps only go forward; a database that
// is ahead of the program, or too far behind it, is left alone.
import { GwctlError } from '../lib/errors.ts';

export interface Migration {
  /** The version of the tables once the step is done. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export interface MigrationStatus {
  /** 0: nothing is there yet. */
  readonly current: number;
  readonly newest: number;
  readonly executed: readonly string[];
  readonly pending: readonly string[];
}

export const nameOf = ({ version, name }: Migration): string => `${String(version).padStart(3, '0')}_${name}`;

export function describeStatus(current: number, known: readonly Migration[]): MigrationStatus {
  const names = (list: readonly Migration[]): string[] => list.map(nameOf);
  return {
    current,
    newest: known.at(-1)?.version ?? 0,
    executed: names(known.filter(({ version }) => version <= current)),
    pending: names(known.filter(({ version }) => version > current)),
  };
}

/** @param place names the database in the message. */
export function pendingMigrations(current: number, known: readonly Migration[], place: string): readonly Migration[] {
  const newest = known.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new GwctlError(
      'E_STORE',
      `${place} has tables of version ${current}; this gwctl knows versions up to ${newest}`,
      { hint: 'Run the version of gwctl that wrote it, or a newer one.' },
    );
  }
  const oldest = (known[0]?.version ?? 1) - 1;
  if (current !== 0 && current < oldest) {
    throw new GwctlError(
      'E_STORE',
      `${place} has tables of version ${current}; this gwctl can bring only version ${oldest} and later up to date`,
      { hint: 'Run `gwctl migrations up` of an earlier release first.' },
    );
  }
  return known.filter(({ version }) => version > current);
}
