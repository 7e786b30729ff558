// Puts routes under a path prefix, host names, or both. The upstream must not see the prefix: strip_path takes it off, or
// the path of the service ends in it and loses it there, or a plugin takes it off each request.
import { isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Json } from '../../lib/json.ts';
import type { Grammar } from '../file/grammar.ts';
import { createNode, listIn, setIn, type Tree, textOf } from './tree.ts';
import { defaultsOf, entitiesOf, type TreeEntity } from './walk.ts';

/** Fields that this transformation is about; the kinds that have them are read off the grammar. */
const MATCH = 'paths';
const HOSTS = 'hosts';
const STRIP = 'strip_path';
const PATH = 'path';
const PLUGINS = 'plugins';
const EXPRESSION = 'expression';
const PROTOCOLS = 'protocols';
/** Connections of these have neither a path nor a host. */
const STREAM: ReadonlySet<unknown> = new Set(['tcp', 'tls', 'tls_passthrough', 'udp']);

export interface Namespace {
  readonly pathPrefix: string | undefined;
  readonly hosts: readonly string[];
  readonly onHosts: 'add' | 'replace';
}

export type Placed =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'none' | 'others'; readonly message: string };

/** Undefined when the prefix can be used. */
export function checkPrefix(prefix: string): string | undefined {
  return /^\/[^/]/.test(prefix) ? undefined : `'${prefix}' is no path prefix: it must start with / and name something`;
}

/** @param selected nodes to place; undefined for every route. */
export function applyNamespace(
  grammar: Grammar,
  tree: Tree,
  namespace: Namespace,
  selected: readonly Node[] | undefined,
): Placed {
  const entities = entitiesOf(grammar, tree);
  const all = entities.filter(({ kind }) => grammar.get(kind)?.schema.fields[MATCH] !== undefined);
  const routes = all.filter(({ map }) => selected !== undefined || !isStream(map));
  const meant = new Set(selected);
  const chosen = selected === undefined ? routes : routes.filter(({ map }) => meant.has(map));
  const others = (selected?.length ?? 0) - chosen.length;
  if (selected !== undefined && others > 0) {
    const message = `the selectors also find ${others === 1 ? 'something that is' : `${others} things that are`} no route`;
    return { ok: false, reason: 'others', message };
  }
  const fixed = chosen.find(({ map }) => isStream(map) || textOf(map.get(EXPRESSION)) !== undefined);
  if (fixed !== undefined) {
    const name = textOf(fixed.map.get('name')) ?? fixed.path.join('.');
    return { ok: false, reason: 'others', message: `'${name}' matches neither by paths nor by hosts` };
  }
  if (chosen.length === 0) return { ok: false, reason: 'none', message: 'there is no route to place' };
  if (namespace.pathPrefix !== undefined) placeUnderPath(grammar, tree, entities, routes, chosen, namespace.pathPrefix);
  for (const { map } of chosen) placeOnHosts(tree, map, namespace);
  return { ok: true };
}

function isStream(route: YAMLMap): boolean {
  const protocols = listIn(route, PROTOCOLS)?.items ?? [];
  return protocols.length > 0 && protocols.every((protocol) => STREAM.has(textOf(protocol)));
}

function placeOnHosts(tree: Tree, route: YAMLMap, { hosts, onHosts }: Namespace): void {
  const list = listIn(route, HOSTS);
  if (list === undefined) {
    if (hosts.length > 0) setIn(tree, route, HOSTS, [...new Set(hosts)]);
    return;
  }
  if (onHosts === 'replace') list.items = [];
  const present = new Set(list.items.map(textOf));
  for (const host of new Set(hosts)) if (!present.has(host)) list.add(createNode(tree, host));
  if (list.items.length === 0) list.flow = true;
}

function placeUnderPath(
  grammar: Grammar,
  tree: Tree,
  entities: readonly TreeEntity[],
  routes: readonly TreeEntity[],
  chosen: readonly TreeEntity[],
  prefix: string,
): void {
  /** Those whose upstream would see the prefix. */
  const exposed = new Set<TreeEntity>();
  for (const route of chosen) {
    prefixPaths(tree, route.map, prefix);
    const strips = route.map.get(STRIP) ?? defaultsOf(grammar, tree, route.kind)[STRIP];
    if (strips === false) exposed.add(route);
  }
  // A service whose routes all show the prefix upstream is mended once; otherwise each route on its own.
  const byService = Map.groupBy(routes, createServiceFinder(grammar, entities));
  for (const [service, siblings] of byService) {
    const wrong = siblings.filter((route) => exposed.has(route));
    if (wrong.length === 0) continue;
    if (service === undefined || wrong.length < siblings.length) {
      for (const { map } of wrong) addStripper(tree, map, prefix);
    } else if (!shortenPath(tree, service.map, prefix)) addStripper(tree, service.map, prefix);
  }
}

function prefixPaths(tree: Tree, route: YAMLMap, prefix: string): void {
  const paths = route.get(MATCH, true);
  if (!isSeq(paths) || paths.items.length === 0) setIn(tree, route, MATCH, [prefix]);
  else (paths as YAMLSeq).items = paths.items.map((item) => withPrefix(tree, item, prefix));
}

function withPrefix(tree: Tree, item: unknown, prefix: string): unknown {
  const path = textOf(item);
  if (path === undefined) return item;
  const [mark, rest] = path.startsWith('~') ? ['~', path.slice(1)] : ['', path];
  const tail = rest.replace(/^\//, '');
  const isRoot = rest === '/' || (mark === '~' && rest === '/$');
  const slash = isRoot || prefix.endsWith('/') ? '' : '/';
  const node = createNode(tree, `${mark}${prefix}${slash}${tail}`);
  const before = item as Node;
  if (before.comment) node.comment = before.comment;
  if (before.commentBefore) node.commentBefore = before.commentBefore;
  return node;
}

/** Whom a route belongs to: what it is nested in, or what it names. */
function createServiceFinder(
  grammar: Grammar,
  entities: readonly TreeEntity[],
): (route: TreeEntity) => TreeEntity | undefined {
  const namesOf = (kind: string): string[] => ['id', ...(grammar.get(kind)?.names ?? [])];
  const byName = new Map<string, TreeEntity>();
  for (const entity of entities) {
    for (const name of namesOf(entity.kind)) {
      const text = textOf(entity.map.get(name));
      if (text !== undefined) byName.set(`${entity.kind} ${text}`, entity);
    }
  }
  return ({ kind, map, parent }) => {
    if (parent !== undefined) return parent;
    for (const [field, { reference, in_file }] of grammar.get(kind)?.foreign ?? []) {
      if (in_file?.nest !== true) continue;
      const written = map.get(field);
      const texts = namesOf(reference).map((name) => textOf((written as YAMLMap | undefined)?.get?.(name)));
      const wanted = textOf(written) ?? texts.find(Boolean);
      if (wanted !== undefined) return byName.get(`${reference} ${wanted}`);
    }
    return undefined;
  };
}

/** `path: /api/kong` → `/api/`, when the path ends in the prefix. */
function shortenPath(tree: Tree, service: YAMLMap, prefix: string): boolean {
  const written = textOf(service.get(PATH));
  if (written === undefined) return false;
  const path = written.endsWith('/') ? written : `${written}/`;
  const suffix = prefix.endsWith('/') ? prefix : `${prefix}/`;
  if (path === '/' || !path.endsWith(suffix)) return false;
  setIn(tree, service, PATH, `${path.slice(0, -suffix.length)}/`);
  return true;
}

function addStripper(tree: Tree, owner: YAMLMap, prefix: string): void {
  const plugin = { name: 'pre-function', config: { access: [stripper(prefix)] } } as Json;
  const list = listIn(owner, PLUGINS);
  if (list === undefined) setIn(tree, owner, PLUGINS, [plugin]);
  else {
    list.add(createNode(tree, plugin));
    list.flow = false;
  }
}

/** The first line names the prefix, so that a changed prefix is one changed line. */
function stripper(prefix: string): string {
  const quoted = prefix.replaceAll(/[\\']/g, '\\$&');
  return [
    `local prefix = '${quoted}' -- taken off the path before the request goes upstream`,
    "local inner = prefix:sub(-1) == '/' and prefix or prefix .. '/'",
    'local uri = ngx.var.upstream_uri',
    'local first, last = uri:find(inner, 1, true)',
    'if first then',
    '  uri = uri:sub(1, first) .. uri:sub(last + 1)',
    'elseif uri:sub(-#prefix) == prefix then',
    '  uri = uri:sub(1, -#prefix - 1)',
    "  if uri == '' then uri = '/' end",
    'end',
    'ngx.var.upstream_uri = uri',
    '',
  ].join('\n');
}
