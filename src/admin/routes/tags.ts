// `/tags`: every tag with the entities that have it, kind after kind and by id, in pages.
import type { JsonObject } from '../../lib/json.ts';
import { checkTag } from '../../schema/formats.ts';
import type { State } from '../../state/state.ts';
import { firstAfter, isReply, pageWithNext, readOffset, readSize } from '../page.ts';
import { invalidUnique, ok, type Reply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

export const tagRoutes: readonly SpecialRoute[] = [
  {
    path: ['tags'],
    methods: { GET: (request) => list(request, undefined) },
    describes: { GET: 'All tags, and the entities that have them' },
  },
  {
    path: ['tags', '{tags}'],
    methods: { GET: (request) => list(request, request.params[0]!) },
    describes: { GET: 'The entities with one tag' },
  },
];

interface TagRow extends JsonObject {
  readonly tag: string;
  readonly entity_name: string;
  readonly entity_id: string;
}

function list({ store, query }: SpecialRequest, tag: string | undefined): Reply {
  const wrong = tag === undefined ? undefined : checkTag(tag);
  if (wrong !== undefined) return invalidUnique('tag', wrong);
  const size = readSize(query.get('size'));
  if (isReply(size)) return size;
  const offset = readOffset(query.get('offset'));
  if (isReply(offset)) return offset;
  const data: TagRow[] = [];
  for (const row of rowsAfter(store.state, offset)) {
    if (tag !== undefined && row.tag !== tag) continue;
    if (data.length < size) data.push(row);
    else {
      const last = data[data.length - 1]!;
      const path = tag === undefined ? '/tags' : `/tags/${encodeURIComponent(tag)}`;
      const sized = query.get('size') === null ? '' : `&size=${size}`;
      return pageWithNext(data, path, [last.entity_name, last.entity_id, last.tag], sized);
    }
  }
  return ok({ data, next: null });
}

/** @param offset kind, id and tag of the row before the first; it need not be there any more. */
function* rowsAfter(state: State, offset: readonly string[] = []): Generator<TagRow, void> {
  const [lastKind = '', lastId = '', lastTag = ''] = offset;
  const kinds = [...state.schemas.entities.values()].filter(({ fields }) => 'tags' in fields).map(({ name }) => name);
  const first = Math.max(kinds.indexOf(lastKind), 0);
  for (const kind of kinds.slice(first)) {
    const last = kind === lastKind ? state.get(kind, lastId) : undefined;
    if (last !== undefined) yield* rowsOf(kind, last, lastTag);
    const entities = state.list(kind);
    const start = kind === lastKind ? firstAfter(entities, lastId) : 0;
    for (let i = start; i < entities.length; i++) yield* rowsOf(kind, entities[i]!);
  }
}

function* rowsOf(kind: string, { id, tags }: JsonObject, after?: string): Generator<TagRow, void> {
  const own = (Array.isArray(tags) ? tags : []) as string[];
  const rest = after === undefined ? own : own.slice(own.indexOf(after) + 1);
  for (const tag of rest) yield { tag, entity_name: kind, entity_id: id as string };
}
