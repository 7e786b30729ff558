// From a chat request to the request that the provider gets: whose model, where to, with which credentials.
import type { JsonObject } from '../../../lib/json.ts';
import type { Environment, RequestView } from '../../../pdk/index.ts';
import { createCredentials, regionOf } from '../aws/credentials.ts';
import { signRequest } from '../aws/sign.ts';
import { compileRequestText, type RequestText } from '../request-words.ts';
import { type Ask, type Driver, type ModelSettings, type Operation, Unsuitable } from './driver.ts';
import { driverOf } from './drivers.ts';
import { createGcpToken } from './gcp-token.ts';

export interface Prepared {
  readonly ask: Ask;
  readonly driver: Driver;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where the request goes on as it is. */
  readonly body: string | undefined;
}

export interface Wanted {
  readonly operation: Operation;
  readonly request: JsonObject;
  readonly streams: boolean;
  /** Method, path and body stay the client's. */
  readonly kind: 'converted' | 'preserved';
}

/** Throws `Unsuitable` for what the client did wrong. */
export type Prepare = (view: RequestView, wanted: Wanted) => Promise<Prepared>;

export function createModelCall({ auth, model, route_type }: ModelSettings, environment: Environment): Prepare {
  const driver = driverOf(model);
  const name = model.name === null ? undefined : compileRequestText(model.name);
  const texts = Object.entries(model.options ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const compiled = texts.map(([key, value]) => [key, compileRequestText(value)] as const);
  const region = regionOf(model.options?.bedrock?.aws_region, process.env);
  const keys = createCredentials(
    { accessKey: auth?.aws_access_key_id ?? null, secretKey: auth?.aws_secret_access_key ?? null, region },
    environment,
    process.env,
  );
  const account = auth?.gcp_service_account_json ?? process.env['GCP_SERVICE_ACCOUNT'];
  const token = auth?.gcp_use_service_account === true ? createGcpToken(account, environment) : undefined;

  /** The reason is for the operator, who chose the provider. */
  function encode(ask: Ask, view: RequestView): JsonObject {
    try {
      return driver.encode(ask);
    } catch (problem) {
      if (!(problem instanceof Unsuitable)) throw problem;
      environment.log.warn(`a request cannot be transformed: ${problem.message}`, { request_id: view.id });
      throw new Unsuitable(`error transforming to ${model.provider}://${route_type}`);
    }
  }

  return async (view, { operation, request, streams, kind }) => {
    const rendered = Object.fromEntries(compiled.map(([key, value]) => [key, render(value, key, view)]));
    const options = { ...model.options, ...rendered } as Ask['options'];
    const ask: Ask = {
      operation,
      request,
      streams,
      options: region === undefined ? options : { ...options, bedrock: { aws_region: region } },
      name: chooseName(name === undefined ? undefined : render(name, 'model.name', view), request, options, kind),
    };
    const url = addressOf(driver, ask, view, kind);
    const headers: Record<string, string> = { ...driver.headers?.(ask) };
    let body = kind === 'preserved' ? undefined : encode(ask, view);
    const override = auth?.allow_override === true;
    if (auth?.header_name != null && auth.header_value != null) {
      if (!override || view.header(auth.header_name) === undefined) headers[auth.header_name] = auth.header_value;
    }
    if (auth?.param_name != null && auth.param_value != null) {
      if (auth.param_location === 'query') {
        if (!override || !url.searchParams.has(auth.param_name))
          url.searchParams.set(auth.param_name, auth.param_value);
      } else if (body !== undefined && !(override && auth.param_name in body)) {
        body = { ...body, [auth.param_name]: auth.param_value };
      }
    }
    if (token !== undefined) headers['Authorization'] = `Bearer ${await token()}`;
    const sent = body === undefined ? undefined : JSON.stringify(body);
    if (model.provider === 'bedrock' && sent !== undefined) {
      const scope = { region: region ?? 'us-east-1', service: 'bedrock', now: environment.clock.now() };
      const signable = { method: 'POST', url: url.href, headers: { 'Content-Type': 'application/json' }, body: sent };
      Object.assign(headers, signRequest(signable, await keys(), scope));
    }
    return { ask, driver, url: url.href, headers, body: sent };
  };
}

function render(value: RequestText, field: string, view: RequestView): string {
  if (value.isBroken) throw new Unsuitable(`cannot parse expression for field '${field}'`);
  const result = value.render(view);
  if (!result.ok) throw new Unsuitable(`${result.source} key ${result.name} was not provided`);
  return result.text;
}

function chooseName(
  configured: string | undefined,
  request: JsonObject,
  options: Ask['options'],
  kind: Wanted['kind'],
): string {
  const asked = request['model'];
  if (configured !== undefined) {
    if (typeof asked === 'string' && asked !== configured && kind === 'converted') {
      throw new Unsuitable(`cannot use own model - must be: ${configured}`);
    }
    return configured;
  }
  const name = typeof asked === 'string' && asked !== '' ? asked : options.azure_deployment_id;
  if (name != null) return name;
  if (kind === 'preserved') return '';
  throw new Unsuitable('model parameter not found in request, nor in gateway configuration');
}

function addressOf(driver: Driver, ask: Ask, view: RequestView, kind: Wanted['kind']): URL {
  const { upstream_url = null, upstream_path = null } = ask.options;
  const own = new URL(driver.url(ask));
  const url = new URL(upstream_url ?? own);
  if (upstream_url === null && kind === 'preserved') {
    url.pathname = view.path;
    url.search = view.rawQuery;
  }
  if (upstream_path !== null) url.pathname = upstream_path;
  // What a provider is told in its address, such as the version of its API, it is told at any address.
  for (const [name, value] of own.searchParams) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  return url;
}
