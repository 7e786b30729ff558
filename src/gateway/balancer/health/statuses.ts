// Lists of HTTP statuses as tables: a look-up for every answer has to be cheap.

const STATUSES = 1000;

/** 1 where the status is in the list. */
export function statusSet(statuses: readonly number[]): Uint8Array {
  const set = new Uint8Array(STATUSES);
  for (const status of statuses) set[status] = 1;
  return set;
}
