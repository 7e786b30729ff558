// `/config`: the whole configuration as one piece, where no database keeps entities.
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { ErrorTree } from '../../schema/define.ts';
import { hashText, NO_HASH } from '../../store/hash.ts';
import { buildState } from '../declarative/build.ts';
import { exportEntities, exportText } from '../declarative/export.ts';
import { flatten, showTree } from '../declarative/show-errors.ts';
import { created, message, ok, type Reply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

export const configRoutes: readonly SpecialRoute[] = [
  {
    path: ['config'],
    methods: { GET: read, POST: load },
    takes: 'any document',
    describes: {
      GET: 'The configuration as the text of a declarative file',
      POST: 'Put a declarative configuration in place of the current one',
    },
  },
];

const needsNoDatabase = message(400, 'this endpoint is only available when Kong is configured to not use a database');
const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'on']);
const isOn = (query: URLSearchParams, name: string): boolean =>
  TRUE_WORDS.has((query.get(name) ?? '').trim().toLowerCase());

async function read({ store }: SpecialRequest): Promise<Reply> {
  return store.kind === 'declarative' ? ok({ config: await exportText(store.state) }) : needsNoDatabase;
}

async function load(request: SpecialRequest): Promise<Reply> {
  const { store, query, auto } = request;
  if (store.kind !== 'declarative') return needsNoDatabase;
  const text = textOf(request);
  const hash = hashText(text ?? JSON.stringify(request.body));
  if (text !== undefined && isOn(query, 'check_hash') && hash === store.configurationHash && hash !== NO_HASH) {
    return { status: 304 };
  }
  const document = await documentOf(request, text);
  if (!document.ok) return document.reply;
  const built = buildState(store.state.schemas, document.value, auto);
  if (!built.ok) {
    if (!isOn(query, 'flatten_errors')) return invalid(built.errors);
    // What belongs to an entity is in the list; the tree keeps the rest. Relations show by name, and only here.
    const rest = withoutSections(built.errors, built.areRelations ? [] : built.failed.map(({ entity }) => entity.path));
    const flattened = built.failed.map(flatten);
    if (!built.areRelations) return invalid(rest, { flattened_errors: flattened });
    return invalid({}, { flattened_errors: [], relation_errors: built.errors as JsonObject });
  }
  await store.replace(built.state, hash);
  return created(exportEntities(store.state));
}

/** The text that stands for the configuration; undefined when the body is the configuration itself. */
function textOf({ body, text }: SpecialRequest): string | undefined {
  if (text !== undefined) return text;
  return typeof body['config'] === 'string' ? body['config'] : undefined;
}

type Document = { ok: true; value: JsonObject } | { ok: false; reply: Reply };

async function documentOf({ body, parse }: SpecialRequest, text: string | undefined): Promise<Document> {
  if (text === undefined && Object.keys(body).length > 0 && body['config'] === undefined)
    return { ok: true, value: body };
  if (text === undefined || text.trim() === '') {
    return { ok: false, reply: invalid({ error: 'expected a declarative configuration' }) };
  }
  const parsed = await parse(text);
  if (parsed.ok && isObject(parsed.value)) return { ok: true, value: parsed.value };
  const reason = parsed.ok ? 'expected an object' : parsed.message;
  return { ok: false, reply: invalid({ error: `failed parsing declarative configuration: ${reason}` }) };
}

function invalid(errors: ErrorTree, more: JsonObject = {}): Reply {
  const text = `declarative config is invalid: ${showTree(errors)}`;
  const fields = errors as JsonObject;
  return { status: 400, body: { code: 14, name: 'invalid declarative configuration', message: text, fields, ...more } };
}

/** The tree without the members that hold entities of the list. */
function withoutSections(errors: ErrorTree, paths: readonly (readonly (string | number)[])[]): ErrorTree {
  const sections = new Set(paths.map((path) => path[0]));
  return Object.fromEntries(Object.entries(errors).filter(([name]) => !sections.has(name)));
}
