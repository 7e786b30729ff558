// What the files mean, written out: references resolved, defaults filled in, several files one. Ids appear only where a
// file gives them. Without the real environment every variable stands for its own name, so that no secret is shown.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import type { Diagnostic } from '../file/diagnostics.ts';
import { loadTexts } from '../file/load.ts';
import { parseState } from '../file/parse.ts';
import { raise } from '../file/raise.ts';
import type { SourceText } from '../file/sources.ts';

export type RenderEnv =
  | { readonly kind: 'real'; readonly variables: Readonly<Record<string, string | undefined>> }
  | { readonly kind: 'names' };

export type Rendered =
  | { readonly ok: true; readonly content: JsonObject; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export async function renderSources(
  schemas: SchemaSet,
  given: readonly SourceText[],
  env: RenderEnv,
): Promise<Rendered> {
  const standIns = new Set<string>();
  const sources = env.kind === 'real' ? given : given.map((source) => withNames(source, standIns));
  const variables = env.kind === 'real' ? env.variables : namesAsValues(given);
  const loaded = await loadTexts(sources, { schemas, ids: 'deterministic', dialect: 'deck', env: variables, standIns });
  if (!loaded.ok) return loaded;
  const { state, selectTags, workspace } = loaded;
  const raised = raise(loaded.schemas, state, { withId: true, selectTags, workspace });
  const written = new Set<string>();
  for (const source of sources) collectIds(await parsedText(source), written);
  return { ok: true, content: withoutIds(raised, written), warnings: loaded.warnings };
}

const TEMPLATE = /\$\{\{\s*env\s+["`]((?:DECK|GWCTL)_[^"`]*)["`]\s*((?:\|[^}|]*)*)\}\}/g;
const VARIABLE = /\benv\s+["`]((?:DECK|GWCTL)_[^"`]*)["`]/g;
const STAND_INS: Readonly<Record<string, string>> = { toInt: '42', toFloat: '42', toBool: 'false' };

/** For templates that do more than to take a value: they compare and print names. */
const namesAsValues = (sources: readonly SourceText[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    sources.flatMap(({ text }) => [...text.matchAll(VARIABLE)].map(([, name]) => [name!, name!] as const)),
  );

/** @param names takes those that stand for their values now. */
function withNames(source: SourceText, names: Set<string>): SourceText {
  const text = source.text.replaceAll(TEMPLATE, (_, name: string, pipes: string) => {
    const typed = pipes
      .split('|')
      .map((pipe) => STAND_INS[pipe.trim()])
      .find((value) => value !== undefined);
    if (typed === undefined) names.add(name);
    return typed ?? name;
  });
  return { name: source.name, text };
}

async function parsedText(source: SourceText): Promise<Json> {
  const parsed = await parseState(source.text);
  return parsed.ok ? (parsed.value ?? null) : null;
}

function collectIds(value: Json, ids: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collectIds(item, ids);
  else if (isObject(value)) {
    if (typeof value['id'] === 'string') ids.add(value['id']);
    for (const item of Object.values(value)) collectIds(item, ids);
  }
}

function withoutIds<T extends Json>(value: T, kept: ReadonlySet<string>): T {
  if (Array.isArray(value)) return value.map((item) => withoutIds(item, kept)) as T;
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key, id]) => key !== 'id' || typeof id !== 'string' || kept.has(id));
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutIds(item as Json, kept)])) as T;
}
