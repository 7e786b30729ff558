// An operation becomes a route: its path as a regular expression in which each parameter is a capture, its method, and, where
// a required header has a list of values, one route for each value and one for all others.
import { cloneJson, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { Names } from './names.ts';
import type { Spec } from './spec.ts';
import type { Operation } from './validator.ts';

/** A path with parameters comes after one without: OpenAPI matches concrete paths first. */
const PRIORITY = { plain: 200, withParameters: 100 };
/** PCRE's limit for names of captures. */
const MAX_CAPTURE = 32;
const SPECIAL = /[().+?*[$|^\\]/g;
/** Of an operation: each value of a header takes one. */
const MAX_ROUTES = 1000;

export interface RouteInput {
  readonly name: string;
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly defaults: JsonObject | undefined;
  readonly tags: readonly string[];
  readonly plugins: readonly JsonObject[];
  readonly byHeader: 'split' | 'ignore';
}

export function makeRoutes(spec: Spec, names: Names, input: RouteInput): JsonObject[] {
  const { name, operation, defaults } = input;
  const { regex, hasParameters } = pathRegex(spec, names, input.path, operation);
  const route: JsonObject = defaults === undefined ? {} : cloneJson(defaults);
  // Whatever the defaults say: it belongs to the service it is written in.
  delete route['service'];
  const given = route['regex_priority'];
  const priority = hasParameters ? PRIORITY.withParameters : PRIORITY.plain;
  Object.assign(route, names.id(`${name}.route`), {
    name,
    methods: [input.method],
    paths: [`~${regex}$`],
    plugins: [...input.plugins],
    tags: [...input.tags],
    regex_priority: typeof given === 'number' ? given - (hasParameters ? 1 : 0) : priority,
    strip_path: route['strip_path'] ?? false,
  });
  const headers = input.byHeader === 'split' ? headerChoices(spec, operation) : [];
  if (headers.length === 0) return [route];
  if (headers.reduce((count, { values }) => count * values.length, 1) > MAX_ROUTES) {
    const hint = 'Pass --skip-route-by-header to make one route of it.';
    spec.report(operation.path, `its required headers would make more than ${MAX_ROUTES} routes`, hint);
    return [];
  }
  const split = combinations(headers).map((combination, i): JsonObject => {
    const own = `${name}_${i}`;
    const plugins = input.plugins.map((plugin) => ({
      ...cloneJson(plugin),
      ...names.id(`${own}.plugin.${String(plugin['name'])}`),
    }));
    return { ...cloneJson(route), ...names.id(own), name: own, headers: combination, plugins };
  });
  // Requests with no value of the list go to the last.
  return [...split, route];
}

function pathRegex(
  spec: Spec,
  names: Names,
  path: string,
  operation: Operation,
): { regex: string; hasParameters: boolean } {
  let hasParameters = false;
  const regex = path.replaceAll(SPECIAL, '\\$&').replaceAll(/\{([^}]+)\}/g, (_, escaped: string) => {
    hasParameters = true;
    const parameter = escaped.replaceAll('\\', '');
    const capture = names.capture(parameter);
    if (capture.length >= MAX_CAPTURE) {
      spec.report(
        operation.path,
        `the name of the path parameter '${parameter}' is too long`,
        `At most ${MAX_CAPTURE - 1} characters.`,
      );
    }
    if (capture === '')
      spec.report(operation.path, `the path parameter '${parameter}' has no Latin letter in its name`);
    return `(?<${capture}>[^#?/]${mayBeEmpty(spec, operation, parameter) ? '*' : '+'})`;
  });
  return { regex, hasParameters };
}

type Parameter = Operation['parameters'][number];

function schemaOf(spec: Spec, { value }: Parameter): JsonObject {
  const schema = spec.peek(value['schema']);
  return isObject(schema) ? schema : {};
}

function mayBeEmpty(spec: Spec, { parameters }: Operation, name: string): boolean {
  const found = parameters.find(({ value }) => value['in'] === 'path' && value['name'] === name);
  return found !== undefined && schemaOf(spec, found)['minLength'] === 0;
}

/** In the order of their names, which are the same in upper and lower case. */
function headerChoices(spec: Spec, { parameters }: Operation): { name: string; values: Json[] }[] {
  const found = new Map<string, { name: string; values: Json[] }>();
  for (const parameter of parameters) {
    const { value } = parameter;
    const choices = schemaOf(spec, parameter)['enum'];
    if (value['in'] !== 'header' || value['required'] !== true || !Array.isArray(choices)) continue;
    const name = String(value['name']);
    const before = found.get(name.toLowerCase()) ?? { name, values: [] };
    const values = withoutRepeats([...before.values, ...choices.filter((choice) => choice !== '')]);
    if (values.length > 0) found.set(name.toLowerCase(), { name: before.name, values });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, choice]) => choice);
}

/** Routes compare values of headers without regard to case. */
function withoutRepeats(values: readonly Json[]): Json[] {
  const found = new Map<string, Json>();
  for (const value of values) {
    const key = String(value).toLowerCase();
    if (!found.has(key)) found.set(key, value);
  }
  return [...found.values()];
}

const combinations = (headers: readonly { name: string; values: Json[] }[]): JsonObject[] =>
  headers.reduce<JsonObject[]>(
    (done, { name, values }) =>
      done.flatMap((before) => values.map((value) => ({ ...before, [name]: [String(value)] }))),
    [{}],
  );
