// What is read from and written to the tables. The single row of gwctl_head is the lock of all writers: whoever holds it
// knows that no version comes between what he read and what he writes, so versions are without gaps and in order.
import type { Row } from '../rows.ts';
import type { Session } from './session.ts';

export interface Head {
  /** Of this database, so that another one in its place is noticed. */
  readonly store: string;
  readonly version: number;
  /** Changes since this version are in the log; who is further behind reads everything. */
  readonly floor: number;
  readonly place: number;
  readonly hash: string | undefined;
}

export interface News {
  /** `rows` are all there are, not what changed. */
  readonly isWhole: boolean;
  readonly rows: readonly Row[];
}

const HEAD = 'SELECT store, version, floor, place, hash FROM gwctl_head';
const ROWS_PER_STATEMENT = 5000;
/** A commit with more rows is cheaper read anew than followed. */
const LARGE_COMMIT = 5000;
const KEPT_VERSIONS = 10_000;
const VERSIONS_PER_PRUNING = 500;

interface HeadRow {
  store: string;
  version: string;
  floor: string;
  place: string;
  hash: string | null;
}

const toHead = (row: HeadRow | undefined): Head => {
  if (row === undefined) throw new Error('the table gwctl_head is empty');
  const { store, version, floor, place, hash } = row;
  return { store, version: Number(version), floor: Number(floor), place: Number(place), hash: hash ?? undefined };
};

export const readHead = async (session: Session): Promise<Head> => toHead((await session.query<HeadRow>(HEAD))[0]);

/** Begins a transaction in which nobody else can write. */
export const beginWriting = async (session: Session): Promise<Head> =>
  toHead((await session.query<HeadRow>(`BEGIN; ${HEAD} FOR UPDATE`))[0]);

/** Reads head and news as of one moment. */
export async function readConsistently(
  session: Session,
  known: Head | undefined,
): Promise<{ readonly head: Head; readonly news: News }> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const head = await readHead(session);
  const news = await readNews(session, known, head);
  await session.query('COMMIT');
  return { head, news };
}

/** What happened since `known`, inside of a transaction that has read `head`. */
export async function readNews(session: Session, known: Head | undefined, head: Head): Promise<News> {
  if (
    known !== undefined &&
    known.store === head.store &&
    known.version <= head.version &&
    known.version >= head.floor
  ) {
    if (known.version === head.version) return { isWhole: false, rows: [] };
    const rows = await session.query<Row & Record<string, unknown>>(
      'SELECT kind, id, body::text AS body FROM gwctl_changes WHERE version > $1 ORDER BY version, place',
      [known.version],
    );
    return { isWhole: false, rows: newest(rows) };
  }
  const rows = await session.query<Row & { place: string }>(
    'SELECT kind, id, body::text AS body, place FROM gwctl_entities',
  );
  rows.sort((a, b) => Number(a.place) - Number(b.place));
  return { isWhole: true, rows };
}

/** The last row for each entity, at the place of its last writing. */
function newest(rows: readonly Row[]): Row[] {
  const last = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.kind}/${row.id}`;
    last.delete(key);
    last.set(key, row);
  }
  return [...last.values()];
}

const WRITE = `
  WITH input AS (
    SELECT kind, id, body, $4::bigint + number AS place
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (kind, id, body, number)
  ), gone AS (
    DELETE FROM gwctl_entities e USING input i WHERE i.body IS NULL AND e.kind = i.kind AND e.id = i.id
  ), put AS (
    INSERT INTO gwctl_entities (kind, id, body, place)
    SELECT kind, id, body::json, place FROM input WHERE body IS NOT NULL
    ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, place = excluded.place
  )
  INSERT INTO gwctl_changes (version, place, kind, id, body)
  SELECT $5::bigint, place, kind, id, body::json FROM input WHERE $6::boolean`;

/** Writes the next version inside of a transaction that has begun with beginWriting. */
export async function writeVersion(
  session: Session,
  head: Head,
  rows: readonly Row[],
  hash: string | undefined,
  channel: string,
): Promise<Head> {
  const version = head.version + 1;
  const isLogged = rows.length <= LARGE_COMMIT;
  for (let i = 0; i < rows.length; i += ROWS_PER_STATEMENT) {
    const part = rows.slice(i, i + ROWS_PER_STATEMENT);
    const [kinds, ids, bodies] = [part.map((row) => row.kind), part.map((row) => row.id), part.map((row) => row.body)];
    await session.query(WRITE, [kinds, ids, bodies, head.place + i, version, isLogged]);
  }
  let floor = head.floor;
  if (!isLogged) floor = version;
  else if (version % VERSIONS_PER_PRUNING === 0) floor = Math.max(floor, version - KEPT_VERSIONS);
  if (floor !== head.floor) await session.query('DELETE FROM gwctl_changes WHERE version <= $1', [floor]);
  const next: Head = { ...head, version, floor, place: head.place + rows.length, hash: hash ?? head.hash };
  await session.query(
    `WITH head AS (UPDATE gwctl_head SET version = $1, floor = $2, place = $3, hash = $4 RETURNING version)
     SELECT pg_notify($5, version::text) FROM head`,
    [version, floor, next.place, next.hash ?? null, channel],
  );
  return next;
}
