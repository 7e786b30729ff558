// The generic verbs of the Admin API over any entity: what GET, POST, PUT, PATCH and DELETE mean on each kind of endpoint.
import { isUuid } from '../lib/ids.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema } from '../schema/define.ts';
import { withDeprecatedNames } from '../schema/deprecated-names.ts';
import { chooseSubschema } from '../schema/validate.ts';
import { secondsLeft } from '../state/expiry.ts';
import type { State } from '../state/state.ts';
import { inferTypes } from './body.ts';
import { apiName, type Endpoint, nestedName } from './endpoint.ts';
import { type Key, locate, locateChild } from './locate.ts';
import { pageReply } from './page.ts';
import { created, entityNotFound, message, methodNotAllowed, noContent, notFound, ok, type Reply } from './reply.ts';
import { removeEntity, type WriteContext, type Written, writeEntity } from './write.ts';

export interface CrudRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** Values are texts of a form: types come from the schema. */
  readonly isForm: boolean;
}

export function serveEndpoint(context: WriteContext, endpoint: Endpoint, request: CrudRequest): Promise<Reply> | Reply {
  switch (endpoint.type) {
    case 'collection':
      return request.method === 'GET'
        ? list(context.store.state, endpoint.schema, request)
        : create(context, endpoint.schema, request, {});
    case 'entity':
      return serveEntity(
        context,
        endpoint.schema,
        request,
        locate(context.store.state, endpoint.schema, endpoint.key),
        {},
      );
    case 'children':
      return serveChildren(context, endpoint, request);
    case 'child':
      return serveChild(context, endpoint, request);
    case 'parent':
      return serveParent(context, endpoint, request);
  }
}

/** The entity as clients see it: deprecated names beside the new ones, views of children filled in, `ttl` as remaining seconds. */
export function show(state: State, schema: EntitySchema, entity: Entity): JsonObject {
  const { schemas } = state;
  const chosen = chooseSubschema(schemas, schema, entity);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  const shown: JsonObject = { ...withDeprecatedNames(fields, schema.shorthand_fields, entity) };
  for (const [field, definition] of Object.entries(schema.fields)) {
    if ((definition.type !== 'array' && definition.type !== 'set') || definition.children === undefined) continue;
    const { entity: kind, foreign, key } = definition.children;
    shown[field] = state
      .children(kind, foreign, entity.id)
      .map((child) => child[key] as Json)
      .sort();
  }
  if (schema.ttl === true) shown['ttl'] = secondsLeft(entity['ttl'], Date.now());
  return shown;
}

function list(state: State, schema: EntitySchema, request: CrudRequest): Reply {
  for (const name of schema.list_filters ?? []) {
    const value = request.query.get(name);
    if (value === null) continue;
    if (value === '') return message(400, `${name} must be an unempty string`);
    const found = state.find(schema.name, name, value);
    return ok({ data: found === undefined ? [] : [show(state, schema, found)], next: null });
  }
  return pageReply(state.list(schema.name), request.query, `/${apiName(schema)}`, {
    tags: 'tags' in schema.fields,
    show: (entity) => show(state, schema, entity),
  });
}

async function create(
  context: WriteContext,
  schema: EntitySchema,
  request: CrudRequest,
  fixed: JsonObject,
): Promise<Reply> {
  const input = { ...typed(context.store.state, schema, request), ...fixed };
  return answer(context, schema, await writeEntity(context, schema, input, { mode: 'create' }), created);
}

/** @param fixed fields that the path decides: the parent. A change of single fields may move the entity to another one. */
async function serveEntity(
  context: WriteContext,
  schema: EntitySchema,
  request: CrudRequest,
  located: ReturnType<typeof locate>,
  fixed: JsonObject,
): Promise<Reply> {
  if (!located.ok) return located.reply;
  const { entity, key } = located;
  const { state } = context.store;
  // PUT here changes what is there, like PATCH.
  const method = request.method === 'PUT' && schema.put === 'update' ? 'PATCH' : request.method;
  if (entity === undefined && key.by === 'child' && method !== 'PUT') return located.missing;
  switch (method) {
    case 'GET':
      return entity === undefined ? located.missing : ok(show(state, schema, entity));
    case 'DELETE':
      return entity === undefined ? noContent : removeEntity(context, schema, entity, key.fields);
    case 'PATCH': {
      if (entity === undefined) return schema.patch === 'read_first' ? notFound : entityNotFound(key.fields);
      const input = { ...fixed, ...typed(state, schema, request, entity) };
      return answer(context, schema, await writeEntity(context, schema, input, { entity, mode: 'merge', key }), ok);
    }
    case 'PUT': {
      const input = { ...typed(state, schema, request, entity), ...fixed };
      if (key.by !== 'child') Object.assign(input, key.fields);
      else if (entity === undefined) addToViews(input, key.fields);
      return answer(context, schema, await writeEntity(context, schema, input, { entity, mode: 'replace', key }), ok);
    }
    default:
      return methodNotAllowed;
  }
}

/** A certificate that is made by one of its SNIs has this one beside those of the body. */
function addToViews(input: JsonObject, views: JsonObject): void {
  for (const [name, values] of Object.entries(views) as [string, Json[]][]) {
    const given = input[name] ?? [];
    if (Array.isArray(given)) input[name] = [...given.filter((value) => !values.includes(value)), ...values];
  }
}

async function serveChildren(
  context: WriteContext,
  endpoint: Extract<Endpoint, { type: 'children' }>,
  request: CrudRequest,
): Promise<Reply> {
  const { state } = context.store;
  const parent = parentOf(state, endpoint);
  if (!parent.ok) return parent.reply;
  const { schema, field } = endpoint;
  if (request.method === 'POST') return create(context, schema, request, { [field]: { id: parent.entity.id } });
  const rows = [...state.children(schema.name, field, parent.entity.id)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const order = schema.list_order;
  const path = `/${apiName(endpoint.parent)}/${encodeURIComponent(endpoint.parentKey)}/${nestedName(schema)}`;
  return pageReply(rows, request.query, path, { tags: false, order, show: (entity) => show(state, schema, entity) });
}

async function serveChild(
  context: WriteContext,
  endpoint: Extract<Endpoint, { type: 'child' }>,
  request: CrudRequest,
): Promise<Reply> {
  const { state } = context.store;
  const parent = parentOf(state, endpoint);
  if (!parent.ok) return parent.reply;
  const { schema, field } = endpoint;
  const mayCreate = request.method === 'PUT' && schema.put !== 'update';
  // What PUT replaces may belong to somebody else so far, where its key names one entity only.
  const isSingular = schema.nested_key === undefined || isUuid(endpoint.key);
  const located =
    mayCreate && isSingular
      ? locate(state, schema, endpoint.key)
      : locateChild(state, schema, field, parent.entity, endpoint.key);
  // By its own path what is not there counts as deleted; among the children of somebody it is looked for first.
  if (!mayCreate && located.ok && located.entity === undefined) return notFound;
  return serveEntity(context, schema, request, located, { [field]: { id: parent.entity.id } });
}

type Parent = { readonly ok: true; readonly entity: Entity } | { readonly ok: false; readonly reply: Reply };

function parentOf(state: State, { parent, parentKey }: { parent: EntitySchema; parentKey: string }): Parent {
  const located = locate(state, parent, parentKey);
  if (!located.ok) return located;
  if (located.entity !== undefined) return { ok: true, entity: located.entity };
  return { ok: false, reply: located.key.by === 'child' ? located.missing : notFound };
}

/** `/routes/{key}/service`: reads and changes the service; PUT makes one where there is none and links it. */
async function serveParent(
  context: WriteContext,
  endpoint: Extract<Endpoint, { type: 'parent' }>,
  request: CrudRequest,
): Promise<Reply> {
  const { state } = context.store;
  const child = locate(state, endpoint.schema, endpoint.key);
  if (!child.ok) return child.reply;
  if (child.entity === undefined) return notFound;
  const reference = child.entity[endpoint.field] as { id?: string } | null;
  const linked = reference?.id === undefined ? undefined : state.get(endpoint.parent.name, reference.id);
  if (request.method === 'DELETE') return linked === undefined ? notFound : methodNotAllowed;
  if (linked !== undefined) {
    const key: Key = { by: 'id', fields: { id: linked.id } };
    return serveEntity(context, endpoint.parent, request, { ok: true, entity: linked, key, missing: notFound }, {});
  }
  if (request.method !== 'PUT') return notFound;
  const input = typed(state, endpoint.parent, request);
  const made = await writeEntity(context, endpoint.parent, input, { mode: 'create' });
  if (!made.ok) return made.reply;
  const link = { [endpoint.field]: { id: made.entity.id } };
  const linkedUp = await writeEntity(context, endpoint.schema, link, { entity: child.entity, mode: 'merge' });
  return linkedUp.ok ? ok(show(context.store.state, endpoint.parent, made.entity)) : linkedUp.reply;
}

function answer(context: WriteContext, schema: EntitySchema, written: Written, success: (body: Json) => Reply): Reply {
  return written.ok ? success(show(context.store.state, schema, written.entity)) : written.reply;
}

/** The body with the types that the schema asks for; JSON is taken as it is. */
function typed(state: State, schema: EntitySchema, request: CrudRequest, existing?: Entity): JsonObject {
  if (!request.isForm) return request.body;
  const chosen = chooseSubschema(state.schemas, schema, { ...existing, ...request.body });
  const fields = state.schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  return inferTypes(schema.ttl === true ? { ...fields, ttl: { type: 'integer' } } : fields, request.body);
}
