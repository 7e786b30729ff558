// What `POST /config` is given, as the state that it makes, or as the reply that says what is wrong with it.
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { ErrorTree } from '../../schema/define.ts';
import type { AutoSource } from '../../schema/process.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import { hashText, NO_HASH } from '../../store/hash.ts';
import type { Reply } from '../reply.ts';
import type { ParseDocument } from '../special.ts';
import { type Built, buildState } from './build.ts';
import { flatten, showTree } from './show-errors.ts';

export interface GivenConfiguration {
  readonly body: JsonObject;
  /** A body that is no JSON and no form. */
  readonly text: string | undefined;
  readonly query: URLSearchParams;
  /** Of the configuration in use. */
  readonly knownHash: string;
}

export interface ReadingParts {
  readonly schemas: SchemaSet;
  readonly auto: AutoSource;
  readonly parse: ParseDocument;
}

export type ReadConfiguration =
  | { readonly ok: true; readonly state: State; readonly hash: string }
  | { readonly ok: false; readonly reply: Reply };

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'on']);
const isOn = (query: URLSearchParams, name: string): boolean =>
  TRUE_WORDS.has((query.get(name) ?? '').trim().toLowerCase());

export async function readConfiguration(
  given: GivenConfiguration,
  { schemas, auto, parse }: ReadingParts,
): Promise<ReadConfiguration> {
  const { body, query, knownHash } = given;
  const text = textOf(given);
  const hash = hashText(text ?? JSON.stringify(body));
  if (text !== undefined && isOn(query, 'check_hash') && hash === knownHash && hash !== NO_HASH) {
    return { ok: false, reply: { status: 304 } };
  }
  const document = await documentOf(body, text, parse);
  if (!document.ok) return document;
  const built = buildState(schemas, document.value, auto);
  return built.ok ? { ok: true, state: built.state, hash } : { ok: false, reply: refuse(built, query) };
}

function refuse(built: Extract<Built, { ok: false }>, query: URLSearchParams): Reply {
  if (!isOn(query, 'flatten_errors')) return invalid(built.errors);
  // What belongs to an entity is in the list; the tree keeps the rest. Relations show by name, and only here.
  const rest = withoutSections(built.errors, built.areRelations ? [] : built.failed.map(({ entity }) => entity.path));
  const flattened = built.failed.map(flatten);
  if (!built.areRelations) return invalid(rest, { flattened_errors: flattened });
  return invalid({}, { flattened_errors: [], relation_errors: built.errors as JsonObject });
}

/** The text that stands for the configuration; undefined when the body is the configuration itself. */
function textOf({ body, text }: GivenConfiguration): string | undefined {
  if (text !== undefined) return text;
  return typeof body['config'] === 'string' ? body['config'] : undefined;
}

type Document = { ok: true; value: JsonObject } | { ok: false; reply: Reply };

async function documentOf(body: JsonObject, text: string | undefined, parse: ParseDocument): Promise<Document> {
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
