// An OpenAPI document becomes a state file. It is read in three levels – document, path, operation – each of which may bring
// servers, defaults and plugins of its own; servers and service defaults of a level make a new service.
import { newUuid } from '../../../lib/ids.ts';
import { canonicalJson, isEqual, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Path } from '../../file/diagnostics.ts';
import { createNames, type NameOptions, type Names } from './names.ts';
import { collectPlugins, owned, type PluginTable, separate, withoutPlugin, withPlugin } from './plugins.ts';
import { makeRoutes } from './routes.ts';
import { makeSecurity, type OnUnsupported, SECURITY_PLUGIN } from './security.ts';
import { type MadeService, makeService } from './servers.ts';
import { createSpec, type Spec, type SpecProblem, textAt, textsAt } from './spec.ts';
import { makeValidator, type Operation } from './validator.ts';

export interface ConvertOptions extends NameOptions {
  /** Of the document; default: x-kong-name, then info.title. */
  readonly name: string | undefined;
  /** In place of x-kong-tags. */
  readonly tags: readonly string[] | undefined;
  readonly security: OnUnsupported | 'off';
  readonly byHeader: 'split' | 'ignore';
  readonly sameServers: 'repeat' | 'reuse';
}

export type Converted =
  | { readonly ok: true; readonly content: JsonObject }
  | { readonly ok: false; readonly problems: readonly SpecProblem[] };

const METHODS = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put', 'trace'];
const VALIDATOR = 'request-validator';

interface Level {
  readonly object: JsonObject;
  readonly path: Path;
  readonly name: string;
  readonly servers: Json | undefined;
  readonly serversPath: Path;
  readonly serviceDefaults: JsonObject | undefined;
  readonly upstreamDefaults: JsonObject | undefined;
  readonly routeDefaults: JsonObject | undefined;
  readonly made: MadeService;
  /** Does the level have a service of its own? */
  readonly isOwn: boolean;
  readonly plugins: PluginTable;
  readonly validator: JsonObject | undefined;
}

interface Context {
  readonly spec: Spec;
  readonly names: Names;
  readonly options: ConvertOptions;
  readonly tags: readonly string[];
  readonly services: MadeService[];
  /** Services that may serve for others, by all that is not their name. */
  readonly known: Map<string, MadeService>;
  readonly upstreams: JsonObject[];
  readonly loose: JsonObject[];
}

export function convertOpenApi(root: JsonObject, options: ConvertOptions): Converted {
  const spec = createSpec(root);
  if (!/^3\.[01](?:\.|$)/.test(String(root['openapi'] ?? ''))) {
    const hint =
      root['swagger'] === undefined
        ? undefined
        : 'It is a Swagger document of version 2: convert it to OpenAPI 3 first.';
    spec.report(root['openapi'] === undefined ? [] : ['openapi'], 'this is no document of OpenAPI 3.0 or 3.1', hint);
    return { ok: false, problems: spec.problems };
  }
  // An API may have none yet, which some tools write as an empty list, or consist of webhooks.
  const { paths = {} } = root;
  if (!isObject(paths) && !(Array.isArray(paths) && paths.length === 0)) {
    spec.report(['paths'], "'paths' must be a mapping of paths");
    return { ok: false, problems: spec.problems };
  }
  const tags = options.tags ?? textsAt(spec, root['x-kong-tags'], ['x-kong-tags']) ?? [];
  const names = createNames(options);
  const context: Context = { spec, names, options, tags, services: [], known: new Map(), upstreams: [], loose: [] };
  const document = documentLevel(context);
  for (const [key, written] of Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = ['paths', key];
    const item = spec.resolve(written, at);
    if (isObject(item) && key.startsWith('/')) convertPath(context, document, key, item, at);
  }
  if (spec.problems.length > 0) return { ok: false, problems: spec.problems };
  return { ok: true, content: contentOf(context, document) };
}

function contentOf(context: Context, document: Level): JsonObject {
  const { services, upstreams, loose } = context;
  const isNeeded = (made: MadeService): boolean =>
    !(made === document.made && !hasServers(document.servers) && services.length > 1);
  const key = (plugin: JsonObject): string =>
    ['name', 'service', 'route', 'consumer'].map((field) => String(plugin[field] ?? '')).join('\u0000');
  return sortKeys({
    _format_version: '3.0',
    services: services.filter(isNeeded).map(({ service, routes }) => ({ ...service, routes })),
    upstreams,
    ...(loose.length === 0 ? {} : { plugins: loose.sort((a, b) => (key(a) < key(b) ? -1 : 1)) }),
  });
}

const hasServers = (servers: Json | undefined): boolean => Array.isArray(servers) && servers.length > 0;

function documentLevel(context: Context): Level {
  const { spec, names, options, tags } = context;
  const { root } = spec;
  const title = isObject(root['info']) ? root['info']['title'] : undefined;
  const written = options.name ?? textAt(spec, root['x-kong-name'], ['x-kong-name']) ?? title;
  const name = names.slug(typeof written === 'string' ? written : '') || newUuid();
  const defaults = defaultsOf(spec, root, []);
  const servers = root['servers'];
  const made = makeService(spec, names, { name, servers, path: ['servers'], ...defaults, tags });
  context.services.push(made);
  if (made.upstream !== undefined) context.upstreams.push(made.upstream);
  const components = isObject(root['components']) ? [{ value: root['components'], path: ['components'] }] : [];
  let plugins = collectPlugins(spec, names, { name, tags }, [...components, { value: root, path: [] }]);
  const demanded =
    options.security === 'off'
      ? undefined
      : makeSecurity(spec, root['security'], ['security'], undefined, options.security);
  if (demanded !== undefined)
    plugins = withPlugin(plugins, SECURITY_PLUGIN, owned(names, { name, tags }, SECURITY_PLUGIN, demanded));
  const validator = plugins.get(VALIDATOR);
  plugins = withoutPlugin(plugins, VALIDATOR);
  made.service['plugins'] = separate(plugins, 'service', name, context.loose);
  remember(context, made);
  return {
    object: root,
    path: [],
    name,
    servers,
    serversPath: ['servers'],
    ...defaults,
    made,
    isOwn: true,
    plugins,
    validator,
  };
}

function defaultsOf(spec: Spec, object: JsonObject, path: Path) {
  return {
    serviceDefaults: spec.extension(object, 'x-kong-service-defaults', path),
    upstreamDefaults: spec.extension(object, 'x-kong-upstream-defaults', path),
    routeDefaults: spec.extension(object, 'x-kong-route-defaults', path),
  };
}

/** A path or an operation: what it does not say itself, it has from above. Its plugins are for the caller to collect. */
function innerLevel(context: Context, above: Level, name: string, object: JsonObject, path: Path): Level {
  const { spec, names, tags } = context;
  const own = defaultsOf(spec, object, path);
  const ownServers = hasServers(object['servers']);
  const needsUpstream = ownServers || own.upstreamDefaults !== undefined;
  const level = {
    object,
    path,
    name,
    servers: ownServers ? object['servers'] : above.servers,
    serversPath: ownServers ? [...path, 'servers'] : above.serversPath,
    serviceDefaults: own.serviceDefaults ?? above.serviceDefaults,
    upstreamDefaults: own.upstreamDefaults ?? above.upstreamDefaults,
    routeDefaults: own.routeDefaults ?? above.routeDefaults,
    plugins: new Map(),
    validator: above.validator,
  };
  const isOwn = needsUpstream || own.serviceDefaults !== undefined;
  if (!isOwn) return { ...level, made: above.made, isOwn };
  const made = makeService(spec, names, { ...level, path: level.serversPath, tags });
  if (made.upstream !== undefined && needsUpstream) context.upstreams.push(made.upstream);
  else if (made.upstream !== undefined) made.service['host'] = above.made.service['host']!;
  return { ...level, made, isOwn };
}

/** The level with its own plugins over inherited ones; the validator is kept apart, as it is made for each operation. */
function withPlugins(context: Context, level: Level, inherited: PluginTable): Level {
  const owner = { name: level.name, tags: context.tags };
  const objects = [{ value: level.object, path: level.path }];
  const table = collectPlugins(context.spec, context.names, owner, objects, inherited);
  const validator = table.get(VALIDATOR) ?? level.validator;
  return { ...level, plugins: withoutPlugin(table, VALIDATOR), validator };
}

function convertPath(context: Context, document: Level, key: string, item: JsonObject, at: Path): void {
  const { spec, names, options } = context;
  const given = textAt(spec, item['x-kong-name'], [...at, 'x-kong-name']);
  // `/a` and `/a/` are two paths; their names have to differ.
  const mark = given === undefined && key.endsWith('/') && options.style === 'deck' ? '~' : '';
  const name = [document.name, `${names.slug(given ?? key)}${mark}`].filter((part) => part !== '').join(names.joint);
  const level = innerLevel(context, document, name, item, at);
  const path = level.isOwn
    ? placeService(context, withPlugins(context, level, withoutConsumers(document.plugins)), 'with-plugins')
    : withPlugins(context, level, new Map());
  for (const method of METHODS) {
    const value = item[method];
    if (isObject(value)) convertOperation(context, document, path, key, method, value, [...at, method]);
  }
}

function convertOperation(
  context: Context,
  document: Level,
  path: Level,
  key: string,
  method: string,
  value: JsonObject,
  at: Path,
): void {
  const { spec, names, options } = context;
  const name = operationName(context, document, path, method, value, at);
  const level = innerLevel(context, path, name, value, at);
  // A service of its own has none of the plugins above it; a route of a path's service has them from there.
  const fromPath = path.isOwn ? new Map() : path.plugins;
  const inherited = level.isOwn ? new Map([...document.plugins, ...path.plugins]) : fromPath;
  const operation = withPlugins(context, level, inherited);
  const placed = operation.isOwn ? placeService(context, operation, 'without-plugins') : operation;
  const parameters = parametersOf(spec, path, value, at);
  const plugins = withMade(context, operation, value, at, parameters);
  const ownTags = options.tags === undefined ? (textsAt(spec, value['x-kong-tags'], [...at, 'x-kong-tags']) ?? []) : [];
  const routes = makeRoutes(spec, names, {
    name,
    path: key,
    method: method.toUpperCase(),
    operation: { value, path: at, parameters },
    defaults: operation.routeDefaults,
    tags: [...new Set([...context.tags, ...ownTags])],
    plugins: separate(plugins, 'route', name, context.loose),
    byHeader: options.byHeader,
  });
  placed.made.routes.push(...routes);
}

/** The plugins of an operation and those that are made from what it says of security and of its input. */
function withMade(
  context: Context,
  level: Level,
  value: JsonObject,
  at: Path,
  parameters: Operation['parameters'],
): PluginTable {
  const { spec, names, options } = context;
  const owner = { name: level.name, tags: context.tags };
  let plugins = level.plugins;
  if (options.security !== 'off') {
    const above = makeSecurity(spec, spec.root['security'], ['security'], undefined, 'ignore');
    const demanded = makeSecurity(spec, value['security'], [...at, 'security'], above, options.security);
    if (demanded !== undefined && (level.isOwn || !isEqual(demanded, above)))
      plugins = withPlugin(plugins, SECURITY_PLUGIN, owned(names, owner, SECURITY_PLUGIN, demanded));
  }
  if (level.validator === undefined) return plugins;
  const plugin = owned(names, owner, VALIDATOR, level.validator);
  return withPlugin(plugins, VALIDATOR, makeValidator(spec, names, plugin, { value, path: at, parameters }));
}

const withoutConsumers = (table: PluginTable): PluginTable =>
  new Map([...table].filter(([, plugin]) => plugin['consumer'] === undefined || plugin['consumer'] === null));

/** Adds the service of a level to the file, or takes one that is the same. */
function placeService(context: Context, level: Level, content: 'with-plugins' | 'without-plugins'): Level {
  const { services, known, options } = context;
  if (content === 'with-plugins')
    level.made.service['plugins'] = separate(level.plugins, 'service', level.name, context.loose);
  const same = options.sameServers === 'reuse' ? known.get(essenceOf(level.made)) : undefined;
  if (same !== undefined) return { ...level, made: same };
  services.push(level.made);
  remember(context, level.made);
  return level;
}

function remember({ known }: Context, made: MadeService): void {
  const essence = essenceOf(made);
  // An upstream is named after its service, and so never the same as another one.
  if (made.upstream === undefined && !known.has(essence)) known.set(essence, made);
}

/** A service without what names it. */
function essenceOf({ service, upstream }: MadeService): string {
  const { id: _id, name: _name, routes: _routes, plugins, ...rest } = service;
  const configured = (Array.isArray(plugins) ? plugins : []).map((plugin) => ({ ...(plugin as JsonObject), id: null }));
  return canonicalJson({ ...rest, plugins: configured, upstream: upstream?.['name'] ?? null });
}

function operationName(
  context: Context,
  document: Level,
  path: Level,
  method: string,
  value: JsonObject,
  at: Path,
): string {
  const { spec, names, options } = context;
  const given = textAt(spec, value['x-kong-name'], [...at, 'x-kong-name']);
  const id = textAt(spec, value['operationId'], [...at, 'operationId']);
  if (given !== undefined)
    return [options.style === 'inso' ? document.name : path.name, names.slug(given)].join(names.joint);
  return id === undefined
    ? [path.name, names.slug(method)].join(names.joint)
    : [document.name, names.slug(id)].join(names.joint);
}

function parametersOf(spec: Spec, path: Level, value: JsonObject, at: Path): Operation['parameters'] {
  const read = (list: Json | undefined, where: Path): { value: JsonObject; path: Path }[] =>
    (Array.isArray(list) ? list : []).flatMap((item, i) => {
      const resolved = spec.resolve(item, [...where, i]);
      return isObject(resolved) ? [{ value: resolved, path: [...where, i] }] : [];
    });
  const own = read(value['parameters'], [...at, 'parameters']);
  const isRepeated = (one: JsonObject): boolean =>
    own.some(({ value: other }) => other['name'] === one['name'] && other['in'] === one['in']);
  return [
    ...read(path.object['parameters'], [...path.path, 'parameters']).filter((item) => !isRepeated(item.value)),
    ...own,
  ];
}

function sortKeys<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map(sortKeys) as T;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys((value as JsonObject)[key] as Json)]),
  ) as T;
}
