// What dump writes: the gateway's state as one file, or as one file for each kind, tag or workspace.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { raise } from '../control/file/raise.ts';
import { type FileFormat, writeStateText } from '../control/file/write.ts';
import { type RemoteState, readState } from '../control/remote/read.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { maskSecrets } from '../schema/sensitive.ts';
import { createState, type State } from '../state/state.ts';
import type { ConnectionFlags } from './connection.ts';
import { skippedKinds } from './flags.ts';
import { openAdaptedSession } from './gateway-session.ts';
import { fieldsOf } from './output/body.ts';
import { confirmOverwrite, unwritable, writePrivate } from './output-file.ts';
import { requireWorkspace } from './workspace.ts';

export interface DumpRequest extends ConnectionFlags {
  readonly 'select-tag'?: string[] | undefined;
  readonly 'skip-consumers': boolean;
  readonly 'skip-ca-certificates': boolean;
  readonly 'skip-consumers-with-consumer-groups': boolean;
  readonly 'skip-workspace-crud': boolean;
  readonly 'with-id': boolean;
  readonly 'skip-defaults': boolean;
  readonly sanitize: boolean;
  readonly 'sanitization-salt'?: string | undefined;
  readonly parallelism: number;
}

/** The content of the state file. */
export async function readDump(request: DumpRequest, onTrace?: (line: string) => void): Promise<JsonObject> {
  const session = await openAdaptedSession(request, onTrace);
  if (!request['skip-workspace-crud']) await requireWorkspace(session);
  const selectTags = request['select-tag'] ?? [];
  const { schemas } = session;
  const { parallelism } = request;
  const read = await readState(session.client, schemas, { selectTags, skipKinds: skippedKinds(request), parallelism });
  warnOfHashes(schemas, read);
  const state = request.sanitize ? sanitize(schemas, read.state, saltOf(request)) : read.state;
  return raise(schemas, state, {
    withId: request['with-id'],
    skipDefaults: request['skip-defaults'],
    selectTags,
    workspace: session.connection.workspace,
    borrowed: read.borrowed,
  });
}

/** Whoever syncs a dump elsewhere should know what cannot come along. */
function warnOfHashes(schemas: SchemaSet, { state, borrowed }: RemoteState): void {
  for (const { name, fields, deck } of schemas.entities.values()) {
    const hashed = Object.keys(fields).filter((field) => fields[field]!.hashed === true);
    const count = state.list(name).filter(({ id }) => !borrowed.has(`${name}/${id}`)).length;
    if (hashed.length === 0 || count === 0) continue;
    process.stderr.write(
      `Warning: ${hashed.join(', ')} of ${count} ${deck?.kind ?? name} can only be read as a hash: on another gateway it will not work\n`,
    );
  }
}

const saltOf = (request: DumpRequest): string => request['sanitization-salt'] ?? crypto.randomUUID();

/** Every secret as a hash: equal ones stay equal, and none can be read. */
function sanitize(schemas: SchemaSet, state: State, salt: string): State {
  const hash = (secret: string): string => createHash('sha256').update(salt).update(secret).digest('hex').slice(0, 32);
  const changes = [...schemas.entities.keys()].flatMap((kind) =>
    state.list(kind).map((entity) => {
      const masked = maskSecrets(fieldsOf(schemas, kind, entity), entity, hash) as Entity;
      return { action: 'create', kind, entity: masked } as const;
    }),
  );
  const result = createState(schemas).with(changes);
  if (!result.ok) throw new Error(`sanitized entities clash: ${result.error.kind}`);
  return result.value;
}

export async function writeDump(
  path: string,
  content: JsonObject,
  format: FileFormat,
  answer: 'yes' | 'ask',
): Promise<void> {
  await confirmOverwrite(path, answer);
  await writePrivate(path, await writeStateText(content, format));
}

/** One file for each kind, or for each first tag, in a folder; read together they are the whole again. */
export async function writeSplit(
  folder: string,
  content: JsonObject,
  options: { readonly by: string; readonly format: FileFormat; readonly answer: 'yes' | 'ask' },
): Promise<void> {
  const parts = options.by === 'tag' ? splitByTag(content) : splitByKind(content);
  await mkdir(folder, { recursive: true }).catch(unwritable(folder));
  for (const [name, part] of parts) {
    await writeDump(join(folder, `${fileName(name)}.${options.format}`), part, options.format, options.answer);
  }
}

const isHeader = (key: string): boolean => key.startsWith('_');

const headerOf = (content: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(content).filter(([key]) => isHeader(key)));

const splitByKind = (content: JsonObject): Map<string, JsonObject> =>
  new Map(
    Object.entries(content)
      .filter(([key]) => !isHeader(key))
      .map(([key, list]) => [key, { ...headerOf(content), [key]: list }]),
  );

function splitByTag(content: JsonObject): Map<string, JsonObject> {
  const parts = new Map<string, JsonObject>();
  for (const [key, list] of Object.entries(content)) {
    if (isHeader(key) || !Array.isArray(list)) continue;
    for (const [tag, items] of Map.groupBy(list, firstTag)) {
      const part = parts.get(tag) ?? headerOf(content);
      parts.set(tag, { ...part, [key]: items });
    }
  }
  return parts;
}

const firstTag = (entity: Json): string => {
  const tags = isObject(entity) ? entity['tags'] : undefined;
  return Array.isArray(tags) && typeof tags[0] === 'string' ? tags[0] : 'untagged';
};

/** Tags may hold anything; names of files may not. */
const fileName = (name: string): string => encodeURIComponent(name).replaceAll(/^\.+/g, '_');
