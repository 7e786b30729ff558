// The straight line from state files to a State: sources → env → parse → lower → references → ids and validation. Answers
// the state, or every problem of every file at once, placed and sorted.

import type { Entity } from '../../schema/define.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import { assemble } from './assemble.ts';
import type { Diagnostic, Problem } from './diagnostics.ts';
import type { Dialect } from './dialect.ts';
import { type Rendered, renderEnv } from './env.ts';
import { createGrammar } from './grammar.ts';
import { refuseOldFormat } from './header.ts';
import { type Document, type Lowered, lower } from './lower.ts';
import { parseState } from './parse.ts';
import { createPlacer } from './place.ts';
import { resolveReferences } from './references.ts';
import { readSources, type SourceText } from './sources.ts';
import { completeSubschemas, type SubschemaSource } from './subschemas.ts';

export interface LoadOptions {
  readonly schemas: SchemaSet;
  /** Where ids come from that the files do not give; see identity.ts. */
  readonly ids: 'deterministic' | 'from-current';
  /** For `from-current`: the gateway's state. Called once the files are read, as they say which part of it they own. */
  readonly current?: ((scope: FileScope, schemas: SchemaSet) => Promise<State>) | undefined;
  /** May the files refer to anything on the gateway, or only to what they hold and look up? */
  readonly refersTo?: 'files' | 'gateway' | undefined;
  /** Entities of the gateway to refer to, asked for after `current`. They become part of the state as they are. */
  readonly outside?: (() => ReadonlyMap<string, readonly Entity[]>) | undefined;
  /** Tags from the command line; when the files have some too, both must be the same. */
  readonly selectTags?: readonly string[] | undefined;
  /** Looks up the schema of a plugin (or the like) that is not known here. */
  readonly subschemas?: SubschemaSource | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly stdin?: AsyncIterable<Uint8Array | string> | undefined;
  readonly fetchText?: ((url: string) => Promise<string>) | undefined;
  /** Default: `deck` with a gateway at hand. */
  readonly dialect?: Dialect | undefined;
  /** Names of variables that stand in the files in place of their values. */
  readonly standIns?: ReadonlySet<string> | undefined;
  readonly now?: (() => number) | undefined;
}

/** Which part of a gateway the files own. */
export interface FileScope {
  readonly selectTags: readonly string[];
  readonly workspace: string | undefined;
  /** Kind → tags of what is looked up on the gateway. */
  readonly lookupTags: ReadonlyMap<string, readonly string[]>;
}

export interface Loaded extends FileScope {
  readonly ok: true;
  readonly state: State;
  /** With the subschemas that were looked up, or left open, for this load. */
  readonly schemas: SchemaSet;
  readonly current: State | undefined;
  readonly warnings: readonly Diagnostic[];
  /** Names of the files that were read. */
  readonly files: readonly string[];
  /** What the files are written in, as people call it. */
  readonly writtenFor: 'decK' | "Kong's DB-less mode";
  /** What the files took from the environment: not to be shown. */
  readonly variables: ReadonlySet<string>;
  /** Where an entity stands; undefined when it does not come from a file. */
  positionOf(kind: string, id: string): Promise<Position | undefined>;
}

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type LoadResult = Loaded | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** @param inputs files, directories, `-` for standard input, http(s) addresses. */
export async function loadFiles(inputs: readonly string[], options: LoadOptions): Promise<LoadResult> {
  const { sources, problems: readProblems } = await readSources(inputs, options);
  return loadTexts(sources, options, readProblems);
}

export async function loadTexts(
  sources: readonly SourceText[],
  options: LoadOptions,
  earlier: readonly Problem[] = [],
): Promise<LoadResult> {
  const problems: Problem[] = [...earlier];
  const rendered = new Map<SourceText, Rendered>();
  const dialect = options.dialect ?? (options.ids === 'from-current' ? 'deck' : 'any');
  const { entities, header, hasContent } = await readEntities(sources, options, dialect, rendered, problems);
  // With a gateway at hand the guard of its commands knows what nothing would do to it.
  if (dialect === 'deck') refuseBlank(sources, hasContent || options.ids === 'from-current', problems);
  // Without a gateway at hand they are read as a gateway without a database reads them.
  if (options.ids === 'from-current') refuseOldFormat(header, problems);

  const known = await completeSubschemas(options.schemas, entities, options.subschemas);
  const grammar = createGrammar(known.schemas);
  const place = createPlacer(known.schemas, rendered);
  const { selectTags, workspace, lookupTags } = header;
  const scope: FileScope = { selectTags, workspace, lookupTags };
  let resolved = resolveReferences(grammar, entities);
  // What the files do not have may be on the gateway; it is only asked when nothing else is wrong.
  const looksOutside = options.refersTo === 'gateway' || lookupTags.size > 0;
  const mayLoad = problems.length === 0 && (resolved.problems.length === 0 || looksOutside);
  const current = mayLoad && options.ids === 'from-current' ? await options.current?.(scope, known.schemas) : undefined;
  const outside = current === undefined || !looksOutside ? undefined : options.outside?.();
  if (outside !== undefined) resolved = resolveReferences(grammar, entities, outside);
  problems.push(...resolved.problems);
  const isSound = problems.length === 0;
  const now = options.now ?? Date.now;
  const { links } = resolved;
  const { schemas } = known;
  const standIns = options.standIns ?? new Set<string>();
  const assembled = assemble(entities, links, { schemas, grammar, current, outside, dialect, standIns, now, isSound });
  problems.push(...assembled.problems);
  if (problems.length > 0) return { ok: false, diagnostics: await place.all(problems, 'error') };

  return {
    ok: true,
    ...scope,
    state: assembled.state,
    schemas: known.schemas,
    current,
    warnings: await place.all(known.warnings, 'warning'),
    files: sources.map((source) => source.name),
    writtenFor: header.dbLess === undefined ? 'decK' : "Kong's DB-less mode",
    variables: new Set([...rendered.values()].flatMap(({ values }) => values)),
    positionOf: async (kind, id) => {
      const origin = assembled.origins.get(`${kind}/${id}`);
      return origin === undefined ? undefined : place.position(origin);
    },
  };
}

/** A file may be empty, but not all of them: nobody means that. */
function refuseBlank(sources: readonly SourceText[], mayBeEmpty: boolean, problems: Problem[]): void {
  for (const source of sources) {
    if (source.text.startsWith(' ')) {
      problems.push({ source, offset: 0, message: 'the file must not begin with a blank' });
    }
  }
  const [first] = sources;
  if (mayBeEmpty || first === undefined || problems.length > 0) return;
  const message = sources.length === 1 ? 'the file is empty' : 'all of the files are empty';
  problems.push({ source: first, offset: 0, message, hint: 'write at least _format_version' });
}

/** A function of its own, so that what was parsed is not kept any longer than until its entities are taken out. */
async function readEntities(
  sources: readonly SourceText[],
  options: LoadOptions,
  dialect: Dialect,
  rendered: Map<SourceText, Rendered>,
  problems: Problem[],
): Promise<Pick<Lowered, 'entities' | 'header'> & { readonly hasContent: boolean }> {
  const documents: Document[] = [];
  for (const source of sources) {
    const document = await readDocument(source, options.env ?? {}, rendered, problems);
    if (document !== undefined) documents.push(document);
  }
  const { schemas, selectTags = [] } = options;
  const lowered = lower(schemas, createGrammar(schemas), documents, { selectTags, dialect });
  problems.push(...lowered.problems);
  return { entities: lowered.entities, header: lowered.header, hasContent: documents.length > 0 };
}

async function readDocument(
  source: SourceText,
  env: Readonly<Record<string, string | undefined>>,
  rendered: Map<SourceText, Rendered>,
  problems: Problem[],
): Promise<Document | undefined> {
  // A byte order mark is no content.
  const text = renderEnv(source.text.replace(/^\uFEFF/, ' '), env);
  rendered.set(source, text);
  for (const { offset, message, hint } of text.problems) {
    problems.push({ source, offset, message, ...(hint === undefined ? {} : { hint }) });
  }
  if (text.problems.length > 0) return undefined;
  const parsed = await parseState(text.text);
  if (parsed.ok) return parsed.value === undefined ? undefined : { source, value: parsed.value };
  problems.push(
    parsed.kind === 'value'
      ? { source, path: parsed.path, at: 'key', message: parsed.message }
      : {
          source,
          offset: text.originalOffset(parsed.offset),
          message: parsed.message,
          isSyntax: parsed.kind === 'syntax',
        },
  );
  return undefined;
}
