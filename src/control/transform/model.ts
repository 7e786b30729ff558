// A state file as entities that know their children and what they refer to, wherever the file wrote them: what the
// conversions to other systems walk. Nothing is judged or filled in, except that short forms of fields are written out.
import { cloneJson, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Path, Problem } from '../file/diagnostics.ts';
import type { Grammar } from '../file/grammar.ts';
import { formatTree } from './format.ts';
import type { Tree } from './tree.ts';
import { entitiesOf } from './walk.ts';

export interface ModelEntity {
  readonly kind: string;
  readonly path: Path;
  /** Without children and without the reference to the parent. */
  readonly fields: JsonObject;
  readonly parent: ModelEntity | undefined;
  readonly children: ModelEntity[];
  /** Other entities it refers to, by field. */
  readonly links: ReadonlyMap<string, ModelEntity>;
  /** What it is a member of, or has as members, whichever side of the file says so. */
  readonly members: readonly Member[];
}

export interface Member {
  readonly kind: string;
  readonly name: string;
  /** Undefined when the file only names it. */
  readonly entity: ModelEntity | undefined;
}

export type ReadModel =
  | { readonly ok: true; readonly entities: readonly ModelEntity[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** @returns entities in the order of the file, children right after their parent. */
export function readModel(grammar: Grammar, tree: Tree): ReadModel {
  const problems = formatTree(grammar, tree, 'deck');
  if (problems.length > 0) return { ok: false, problems };
  const known = new Map<object, Draft>();
  const drafts: Draft[] = [];
  for (const entity of entitiesOf(grammar, tree)) {
    const above = entity.parent === undefined ? undefined : known.get(entity.parent.map);
    const draft: Draft = {
      kind: entity.kind,
      path: entity.path,
      fields: ownFields(grammar, entity.kind, (entity.map.toJS(tree.document) ?? {}) as JsonObject),
      parent: above,
      children: [],
      links: new Map(),
      members: [],
      known: new Set(),
    };
    above?.children.push(draft);
    known.set(entity.map, draft);
    drafts.push(draft);
  }
  const index = indexNames(grammar, drafts);
  for (const draft of drafts) link(grammar, index, draft);
  for (const draft of drafts) linkMembers(grammar, index, draft);
  return { ok: true, entities: inOrder(drafts) };
}

interface Draft extends ModelEntity {
  parent: Draft | undefined;
  readonly children: Draft[];
  readonly links: Map<string, Draft>;
  readonly members: Member[];
  /** Its members by name and by entity: they may be many. */
  readonly known: Set<unknown>;
}

function ownFields(grammar: Grammar, kind: string, written: JsonObject): JsonObject {
  const form = grammar.get(kind);
  const fields: JsonObject = {};
  for (const [key, value] of Object.entries(written)) {
    // Some short forms only look at a field that is written as itself.
    const short = form?.schema.fields[key] === undefined ? form?.schema.shorthand_fields?.[key] : undefined;
    if (short !== undefined) {
      for (const [name, item] of Object.entries(short.expand(value, written))) {
        if (item !== null && written[name] === undefined) fields[name] = item;
      }
    } else if (!isChildList(grammar, kind, key, value)) fields[key] = cloneJson(value);
  }
  return fields;
}

/** Unknown kinds hold their children under the names of known ones. */
function isChildList(grammar: Grammar, kind: string, key: string, value: Json): boolean {
  const form = grammar.get(kind);
  if (form !== undefined) return form.children.has(key);
  return (
    Array.isArray(value) && value.every(isObject) && [...grammar.values()].some(({ children }) => children.has(key))
  );
}

/** A reference to the one kind it may be nested in makes it a child of that; others stay links. */
function link(grammar: Grammar, index: Index, draft: Draft): void {
  const owners: Draft[] = [];
  for (const [field, { reference, in_file }] of grammar.get(draft.kind)?.foreign ?? []) {
    const target = find(grammar, index, reference, draft.fields[field]);
    if (target === undefined) continue;
    draft.links.set(field, target);
    delete draft.fields[field];
    if (in_file?.nest === true) owners.push(target);
  }
  if (draft.parent === undefined && owners.length === 1) {
    draft.parent = owners[0];
    owners[0]!.children.push(draft);
  }
}

/** Lists of names, such as the groups of a consumer, become members of both sides. */
function linkMembers(grammar: Grammar, index: Index, draft: Draft): void {
  for (const [key, { schema, other }] of grammar.get(draft.kind)?.links ?? []) {
    const field = schema.fields[other];
    const list = draft.fields[key];
    if (field?.type !== 'foreign' || !Array.isArray(list)) continue;
    delete draft.fields[key];
    for (const item of list) {
      const name = nameIn(grammar, field.reference, item);
      if (name === undefined) continue;
      const entity = index.get(field.reference)?.get(name);
      addMember(draft, { kind: field.reference, name, entity });
      if (entity !== undefined)
        addMember(entity, { kind: draft.kind, name: nameIn(grammar, draft.kind, draft.fields) ?? '', entity: draft });
    }
  }
}

function addMember({ members, known }: Draft, member: Member): void {
  const keys = [`${member.kind} ${member.name}`, ...(member.entity === undefined ? [] : [member.entity])];
  if (!keys.some((key) => known.has(key))) members.push(member);
  for (const key of keys) known.add(key);
}

/** kind → name or id → entity; the first of two with the same name. */
type Index = ReadonlyMap<string, ReadonlyMap<string, Draft>>;

const namesOf = (grammar: Grammar, kind: string): string[] => [...(grammar.get(kind)?.names ?? ['name']), 'id'];

function indexNames(grammar: Grammar, drafts: readonly Draft[]): Index {
  const index = new Map<string, Map<string, Draft>>();
  for (const draft of drafts) {
    const table = index.get(draft.kind) ?? new Map<string, Draft>();
    index.set(draft.kind, table);
    for (const name of namesOf(grammar, draft.kind)) {
      const value = draft.fields[name];
      if (typeof value === 'string' && !table.has(value)) table.set(value, draft);
    }
  }
  return index;
}

function find(grammar: Grammar, index: Index, kind: string, written: Json | undefined): Draft | undefined {
  const wanted = nameIn(grammar, kind, written);
  return wanted === undefined ? undefined : index.get(kind)?.get(wanted);
}

/** A reference is a name or an id, as text or in a mapping. */
function nameIn(grammar: Grammar, kind: string, written: Json | undefined): string | undefined {
  if (!isObject(written)) return typeof written === 'string' ? written : undefined;
  const found = namesOf(grammar, kind).map((name) => written[name]);
  return found.find((value) => typeof value === 'string');
}

function inOrder(drafts: readonly Draft[]): Draft[] {
  const ordered: Draft[] = [];
  const add = (draft: Draft): void => {
    ordered.push(draft);
    for (const child of draft.children) add(child);
  };
  for (const draft of drafts) if (draft.parent === undefined) add(draft);
  return ordered;
}

export const textField = ({ fields }: ModelEntity, name: string): string | undefined => {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
