// Lists: `size`, `offset` and `tags` of a query, and one page of entities. An offset is the base64 of the last primary key.
import type { Json, JsonObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import { checkTag } from '../schema/formats.ts';
import { invalidOffset, invalidOptions, invalidSize, ok, type Reply } from './reply.ts';

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;
const MAX_TAGS = 5;

/** @param rows all entities in list order, by id ascending. @param path the list's own path, for `next`. */
export function pageReply(
  rows: readonly Entity[],
  query: URLSearchParams,
  path: string,
  options: { tags: boolean; order?: 'newest' | undefined; show: (entity: Entity) => JsonObject },
): Reply {
  const size = readSize(query.get('size'));
  if (typeof size !== 'number') return size;
  if (options.order === 'newest') return newestPage(rows, query.get('offset'), size, path, options.show);
  const offset = readOffset(query.get('offset'));
  if (isReply(offset)) return offset;
  const filter = options.tags ? readTags(query.get('tags')) : undefined;
  if (isReply(filter)) return filter;

  const matching = filter === undefined ? rows : rows.filter((row) => hasTags(row, filter));
  const start = offset === undefined ? 0 : firstAfter(matching, offset[0]!);
  const page = matching.slice(start, start + size);
  const data: Json[] = page.map(options.show);
  if (start + size >= matching.length) return ok({ data, next: null });
  const tags = options.tags && query.get('tags') !== null ? `&tags=${encodeURIComponent(query.get('tags')!)}` : '';
  const sized = options.tags && query.get('size') !== null ? `&size=${size}` : '';
  return pageWithNext(data, path, [page[page.length - 1]!.id], `${tags}${sized}`);
}

/** A page that others follow. @param last key of its last entry. @param more of the query of the next. */
export function pageWithNext(data: Json[], path: string, last: readonly string[], more: string): Reply {
  const offset = Buffer.from(JSON.stringify(last)).toString('base64');
  return ok({ data, next: `${path}?offset=${encodeURIComponent(offset)}${more}`, offset });
}

export const isReply = (value: unknown): value is Reply =>
  typeof value === 'object' && value !== null && 'status' in value;

/** Newest first; an offset is the number of rows before the page. */
function newestPage(
  rows: readonly Entity[],
  offset: string | null,
  size: number,
  path: string,
  show: (entity: Entity) => JsonObject,
): Reply {
  const start = offset === null ? 0 : /^\d{1,9}$/.test(offset) ? Number(offset) : Number.NaN;
  if (Number.isNaN(start)) return invalidOffset(offset ?? '', 'bad base64 encoding');
  const sorted = [...rows].sort((a, b) => {
    const difference = (b['created_at'] as number) - (a['created_at'] as number);
    return difference !== 0 ? difference : a.id < b.id ? -1 : 1;
  });
  const data: Json[] = sorted.slice(start, start + size).map(show);
  if (start + size >= sorted.length) return ok({ data, next: null });
  return ok({ data, next: `${path}?offset=${start + size}`, offset: String(start + size) });
}

export function readSize(text: string | null): number | Reply {
  if (text === null) return DEFAULT_SIZE;
  if (text.trim() === '' || Number.isNaN(Number(text))) return invalidSize('size must be a number');
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) {
    return invalidSize(`size must be an integer between 1 and ${MAX_SIZE}`);
  }
  return size;
}

/** The key of the last entry of the page before. */
export function readOffset(text: string | null): readonly string[] | undefined | Reply {
  if (text === null) return undefined;
  // Four characters stand for three bytes; one left over stands for nothing.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1)
    return invalidOffset(text, 'bad base64 encoding');
  try {
    const key: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (Array.isArray(key) && key.length > 0 && key.every((part) => typeof part === 'string')) return key;
  } catch {
    // Falls through to the one answer there is for it.
  }
  return invalidOffset(text, 'bad json encoding');
}

interface TagFilter {
  readonly tags: readonly string[];
  readonly every: boolean;
}

function readTags(text: string | null): TagFilter | undefined | Reply {
  if (text === null) return undefined;
  if (text === '') return invalidOptions({ tags: 'cannot be null' });
  const hasAnd = text.includes(',');
  const hasOr = text.includes('/');
  const tags = text.split(hasAnd ? ',' : '/');
  if ((hasAnd && hasOr) || tags.some((tag) => tag === '' || checkTag(tag) !== undefined)) {
    return invalidOptions({ tags: 'invalid filter syntax' });
  }
  if (tags.length > MAX_TAGS) return invalidOptions({ tags: `cannot query more than ${MAX_TAGS} tags` });
  return { tags, every: !hasOr };
}

function hasTags(row: Entity, filter: TagFilter): boolean {
  const own = row['tags'];
  if (!Array.isArray(own)) return false;
  return filter.every ? filter.tags.every((tag) => own.includes(tag)) : filter.tags.some((tag) => own.includes(tag));
}

/** Position of the first row whose id comes after `id`; rows are sorted. */
export function firstAfter(rows: readonly Entity[], id: string): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.id <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
