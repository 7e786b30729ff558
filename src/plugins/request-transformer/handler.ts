// request-transformer at work: path, method, headers, body, query, in this order. All templates see the request as it came;
// they are rendered before anything is changed, so that a failing one leaves nothing half done.
import { type FormArguments, formatSorted, parseArguments } from '../../lib/form-arguments.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
  type Step,
} from '../../pdk/index.ts';
import type { Source } from './expression.ts';
import { compile, compileRules, type Rules } from './rules.ts';
import type { schema } from './schema.ts';
import { emptyScope, readScope } from './scope.ts';
import { transformArguments } from './transform-arguments.ts';
import { type BodyFormat, bodyFormat, MAX_FIELDS, TOO_MANY, transformBody } from './transform-body.ts';
import { transformHeaders } from './transform-headers.ts';

type Config = PluginConfig<typeof schema>;

/** Methods whose form arguments go into the query as well. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE']);
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

export function create(config: Config, { log }: Environment): Phases {
  const uses = new Set<Source>();
  const uri = config.replace.uri === null || config.replace.uri === '' ? undefined : compile(config.replace.uri, uses);
  const headers = compileRules(config, 'headers', uses);
  const body = compileRules(config, 'body', uses);
  const query = compileRules(config, 'querystring', uses);
  const method = config.http_method?.toUpperCase();
  const movesForm = method !== undefined && WITHOUT_BODY.has(method);

  const failed = error(500);
  const badPath = error(400);
  const tooLarge = error(413);
  const fail = (reason: string): void => log.warn(`a template failed: ${reason}`);

  const nothing = emptyScope(fail);

  /** What is left to do once the body is there. */
  interface Rest {
    readonly format: BodyFormat | undefined;
    readonly bodyRules: Rules | undefined;
    readonly queryRules: Rules;
    readonly movesForm: boolean;
  }

  function access(exchange: AccessExchange): Step {
    const { request, upstream } = exchange;
    const scope = uses.size === 0 ? nothing : readScope(exchange, uses, fail);
    const path = uri?.render(scope, escapeSeparators);
    const headerRules = headers.render(scope);
    const queryRules = query.render(scope);
    if ((uri !== undefined && path === undefined) || headerRules === undefined || queryRules === undefined)
      return failed;
    if (path !== undefined && path !== '') {
      if (!path.startsWith('/')) {
        fail('the path does not start with /');
        return failed;
      }
      if (uri?.constant === undefined && DOT_SEGMENT.test(path)) return badPath;
      upstream.setPath(path);
    }
    if (method !== undefined) upstream.setMethod(method);
    const isForm = movesForm && bodyFormat(request.header('content-type')) === 'form';
    transformHeaders(exchange, headerRules);
    const format = body.isEmpty ? undefined : bodyFormat(request.header('content-type'));
    if (format === undefined && !isForm) {
      if (!query.isEmpty) transformQuery(exchange, queryRules, undefined);
      return undefined;
    }
    const bodyRules = format === undefined ? undefined : body.render(scope);
    if (format !== undefined && bodyRules === undefined) return failed;
    return withBody(exchange, { format, bodyRules, queryRules, movesForm: isForm });
  }

  async function withBody(exchange: AccessExchange, rest: Rest): Promise<Answer | undefined> {
    const { request, upstream } = exchange;
    const bytes = await request.body();
    // Rules that can be escaped by sending more would be none.
    if (bytes === undefined) return tooLarge;
    const form = rest.movesForm ? parseArguments(bytes.toString('latin1'), MAX_FIELDS) : undefined;
    if (rest.movesForm && form === undefined) return tooLarge;
    if (rest.format !== undefined && rest.bodyRules !== undefined) {
      const changed = transformBody(rest.format, request.header('content-type') ?? '', bytes, rest.bodyRules);
      if (changed === TOO_MANY) return tooLarge;
      if (changed !== undefined) upstream.setBody(changed);
    }
    if (!query.isEmpty || (form !== undefined && form.size > 0)) transformQuery(exchange, rest.queryRules, form);
    return undefined;
  }

  return { access };
}

/** Encoded anew and sorted, also where no rule finds anything: one configuration gives one form of query. */
function transformQuery({ request, upstream }: AccessExchange, rules: Rules, form: FormArguments | undefined): void {
  const values = parseArguments(request.rawQuery)!;
  for (const [name, list] of form ?? []) {
    const current = values.get(name);
    if (current === undefined) values.set(name, list);
    else current.push(...list);
  }
  transformArguments(values, rules);
  upstream.setRawQuery(formatSorted(values));
}

/** What comes from the request stays inside the path. */
const escapeSeparators = (text: string): string => text.replaceAll('?', '%3F').replaceAll('#', '%23');
