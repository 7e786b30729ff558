// Members of consumer groups, from the side of the group and from the side of the consumer.
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { schemaOf } from '../../schema/schema-set.ts';
import { show } from '../crud.ts';
import { locate } from '../locate.ts';
import { created, message, noContent, notFound, ok, type Reply, unsupported, violationReply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';
import { writeEntity } from '../write.ts';

const GROUPS = 'consumer_groups';
const CONSUMERS = 'consumers';
const MEMBERS = 'consumer_group_consumers';

/** One side of a membership. */
interface Side {
  readonly kind: string;
  /** The field of a membership that points to it. */
  readonly field: string;
  /** Under which a body names the other side. */
  readonly other: string;
}

const GROUP: Side = { kind: GROUPS, field: 'consumer_group', other: 'consumer' };
const CONSUMER: Side = { kind: CONSUMERS, field: 'consumer', other: 'group' };

export const consumerGroupRoutes: readonly SpecialRoute[] = [
  {
    path: [GROUPS, '{consumer_groups}'],
    alongside: true,
    methods: { GET: readGroup },
    describes: { GET: 'A group with its consumers and plugins' },
  },
  {
    path: [GROUPS, '{consumer_groups}', 'consumers'],
    methods: {
      GET: (request) => listMembers(request, GROUP, CONSUMER),
      POST: (request) => addMember(request, GROUP, CONSUMER),
      DELETE: (request) => removeMembers(request, GROUP, undefined),
    },
    describes: { GET: 'Members of a group', POST: 'Put a consumer into a group', DELETE: 'Empty a group' },
  },
  {
    path: [GROUPS, '{consumer_groups}', 'consumers', '{consumers}'],
    methods: {
      GET: (request) => readMember(request, GROUP, CONSUMER),
      DELETE: (request) => removeMembers(request, GROUP, CONSUMER),
    },
    describes: { GET: 'A member of a group', DELETE: 'Take a consumer out of a group' },
  },
  {
    path: [CONSUMERS, '{consumers}', 'consumer_groups'],
    methods: {
      GET: (request) => listMembers(request, CONSUMER, GROUP),
      POST: (request) => addMember(request, CONSUMER, GROUP),
      DELETE: (request) => removeMembers(request, CONSUMER, undefined),
    },
    describes: {
      GET: 'Groups of a consumer',
      POST: 'Put a consumer into a group',
      DELETE: 'Take it out of all groups',
    },
  },
  {
    path: [CONSUMERS, '{consumers}', 'consumer_groups', '{consumer_groups}'],
    methods: {
      GET: (request) => readMember(request, CONSUMER, GROUP),
      DELETE: (request) => removeMembers(request, CONSUMER, GROUP),
    },
    describes: { GET: 'A group of a consumer', DELETE: 'Take a consumer out of a group' },
  },
];

type Found = { readonly ok: true; readonly entity: Entity } | { readonly ok: false; readonly reply: Reply };

function find({ store: { state } }: SpecialRequest, side: Side, key: string): Found {
  const located = locate(state, schemaOf(state.schemas, side.kind), key);
  if (!located.ok) return located;
  return located.entity === undefined ? { ok: false, reply: notFound } : { ok: true, entity: located.entity };
}

const membershipsOf = ({ store }: SpecialRequest, side: Side, entity: Entity): readonly Entity[] =>
  store.state.children(MEMBERS, side.field, entity.id);

const idAt = (membership: Entity, side: Side): string => (membership[side.field] as { id: string }).id;

function readGroup(request: SpecialRequest): Reply {
  const found = find(request, GROUP, request.params[0]!);
  if (!found.ok) return found.reply;
  const { state } = request.store;
  const body: JsonObject = { consumer_group: found.entity };
  if (request.query.get('list_consumers') !== 'false')
    body['consumers'] = others(request, GROUP, CONSUMER, found.entity);
  const plugins = schemaOf(state.schemas, 'plugins');
  body['plugins'] = state
    .children('plugins', 'consumer_group', found.entity.id)
    .map((plugin) => show(state, plugins, plugin));
  return ok(body);
}

const others = (request: SpecialRequest, side: Side, other: Side, entity: Entity): Json[] =>
  membershipsOf(request, side, entity).flatMap((membership) => {
    const one = request.store.state.get(other.kind, idAt(membership, other));
    return one === undefined ? [] : [one];
  });

function listMembers(request: SpecialRequest, side: Side, other: Side): Reply {
  const found = find(request, side, request.params[0]!);
  return found.ok ? ok({ [other.kind]: others(request, side, other, found.entity), next: null }) : found.reply;
}

function readMember(request: SpecialRequest, side: Side, other: Side): Reply {
  const [one, two] = [find(request, side, request.params[0]!), find(request, other, request.params[1]!)];
  if (!one.ok) return one.reply;
  if (!two.ok) return two.reply;
  const isMember = membershipsOf(request, side, one.entity).some((row) => idAt(row, other) === two.entity.id);
  return isMember ? ok({ [other.field]: two.entity }) : notFound;
}

async function addMember(request: SpecialRequest, side: Side, other: Side): Promise<Reply> {
  const { store, auto, body } = request;
  const found = find(request, side, request.params[0]!);
  if (!found.ok) return found.reply;
  const named = body[side.other];
  if (typeof named !== 'string') return message(400, `${side.other}: required field missing`);
  const member = find(request, other, named);
  if (!member.ok) return message(404, `${other.field.replace('_', ' ')} '${named}' not found`);
  if (membershipsOf(request, side, found.entity).some((row) => idAt(row, other) === member.entity.id)) {
    return message(409, `'${named}' is a member already`);
  }
  const input = { [side.field]: { id: found.entity.id }, [other.field]: { id: member.entity.id } };
  const written = await writeEntity({ store, auto }, schemaOf(store.state.schemas, MEMBERS), input, { mode: 'create' });
  if (!written.ok) return written.reply;
  return created({ [side.field]: found.entity, [other.kind]: [member.entity] });
}

async function removeMembers(request: SpecialRequest, side: Side, other: Side | undefined): Promise<Reply> {
  const found = find(request, side, request.params[0]!);
  if (!found.ok) return found.reply;
  let rows = membershipsOf(request, side, found.entity);
  if (other !== undefined) {
    const member = find(request, other, request.params[1]!);
    if (!member.ok) return member.reply;
    rows = rows.filter((row) => idAt(row, other) === member.entity.id);
    if (rows.length === 0) return notFound;
  }
  if (request.store.isReadOnly) return unsupported('remove', schemaOf(request.store.state.schemas, MEMBERS), {});
  const committed = await request.store.commit(rows.map(({ id }) => ({ action: 'delete', kind: MEMBERS, id })));
  return committed.ok ? noContent : violationReply(committed.error);
}
