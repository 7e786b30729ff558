// `/acme` in the Admin API: orders certificates and shows them. Done with the first instance: there is one for all hosts.
import type { Json } from '../../lib/json.ts';
import type {
  Environment,
  PluginAdminReply,
  PluginAdminRequest,
  PluginAdminRoute,
  PluginConfig,
} from '../../pdk/index.ts';
import { Certificates } from './certificates.ts';
import { describeCertificate } from './describe-certificate.ts';
import { hostCheck } from './host-check.ts';
import { createKeeper } from './keeper.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

interface Work {
  readonly config: Config;
  readonly environment: Environment;
  readonly certificates: Certificates;
  close(): void;
}

const CHALLENGES = '/.well-known/acme-challenge/';
const HOST = /^[A-Za-z0-9_.*-]{1,253}$/;
const SELF_TEST_MS = 10_000;
const NOT_FOUND: PluginAdminReply = { status: 404, body: { message: 'Not found' } };

const message = (status: number, text: string): PluginAdminReply => ({ status, body: { message: text } });

export const routes: readonly PluginAdminRoute[] = [
  {
    path: ['acme'],
    methods: { POST: create, PATCH: renew },
    describes: {
      POST: 'Obtain a certificate for `host`, or with `test_http_challenge_flow` see whether challenges would be answered',
      PATCH: 'Renew certificates that end soon, in the background',
    },
  },
  {
    path: ['acme', 'certificates'],
    methods: { GET: telling(list) },
    describes: { GET: 'Certificates that were obtained; with `invalid_only` those that are not valid now' },
  },
  {
    path: ['acme', 'certificates', '{certificates}'],
    methods: { GET: telling(one) },
    describes: { GET: 'The certificate of a host' },
  },
];

/** A storage that cannot be read, or a certificate that is none, is told to who asked. */
function telling(run: (request: PluginAdminRequest) => Promise<PluginAdminReply>) {
  return (request: PluginAdminRequest): Promise<PluginAdminReply> =>
    run(request).catch((problem: unknown) =>
      message(500, problem instanceof Error ? problem.message : String(problem)),
    );
}

function open({ instances }: PluginAdminRequest): Work | undefined {
  const opened = instances[0]?.open();
  if (opened === undefined) return undefined;
  const { environment } = opened;
  const config = opened.config as unknown as Config;
  const keeper = createKeeper(config, environment);
  const certificates = new Certificates(config, environment, keeper);
  return { config, environment, certificates, close: () => keeper.close() };
}

async function create(request: PluginAdminRequest): Promise<PluginAdminReply> {
  const work = open(request);
  if (work === undefined) return NOT_FOUND;
  try {
    const host = parameter(request, 'host');
    if (typeof host !== 'string' || host === '') return noHost();
    if (host.includes(':')) return message(400, 'port is not allowed in host');
    if (!HOST.test(host)) return noHost();
    if (String(parameter(request, 'test_http_challenge_flow')) === 'true') return await selfTest(work, host);
    const outcome = await work.certificates.order(host.toLowerCase());
    return outcome.result === 'created'
      ? message(201, `certificate for host ${host} is created`)
      : message(500, `failed to update certificate: ${outcome.message}`);
  } finally {
    work.close();
  }
}

const noHost = (): PluginAdminReply => message(400, 'host must be provided and containing a single domain');

/** Asks as an authority would, for a token that has its own answer. */
async function selfTest({ config, environment }: Work, host: string): Promise<PluginAdminReply> {
  const refuse = (why: string) => message(400, `problem found running sanity check for ${host}: ${why}`);
  if (!hostCheck(config)(host.toLowerCase())) return refuse('host is not included in plugin config.domains');
  const url = `http://${host}${CHALLENGES}`;
  try {
    const { status, text } = await environment.network.http({
      url: `${url}x`,
      method: 'GET',
      headers: {},
      body: '',
      timeoutMs: SELF_TEST_MS,
      keepAliveMs: 1,
      verify: false,
    });
    if (text === 'Not found\n') return message(200, `sanity test for host ${host} passed`);
    if (text.includes('no Route matched with those values')) return refuse(`${url}* doesn't map to a Route in Kong`);
    return refuse(`unexpected response: "${text}"${status === 404 ? '' : `, unexpected status code: ${status}`}`);
  } catch (problem) {
    return refuse(problem instanceof Error ? problem.message : String(problem));
  }
}

function renew(request: PluginAdminRequest): PluginAdminReply {
  const work = open(request);
  if (work === undefined) return NOT_FOUND;
  const { certificates, environment, close } = work;
  void certificates
    .renew()
    .catch((problem: unknown) => environment.log.error(`renewal failed: ${String(problem)}`))
    .finally(close);
  return message(202, 'Renewal process started successfully');
}

async function list(request: PluginAdminRequest): Promise<PluginAdminReply> {
  const work = open(request);
  if (work === undefined) return NOT_FOUND;
  const now = work.environment.clock.now();
  const found = await work.certificates.shelf.list().finally(work.close);
  const all = found.flatMap(({ host, pair }) => (pair === undefined ? [] : [describeCertificate(host, pair, now)]));
  const data = request.query.has('invalid_only') ? all.filter(({ valid }) => !valid) : all;
  return { status: 200, body: { data: data.map((one) => ({ ...one })) } };
}

async function one(request: PluginAdminRequest): Promise<PluginAdminReply> {
  const work = open(request);
  if (work === undefined) return NOT_FOUND;
  const host = request.params[0]!;
  const pair = await work.certificates.shelf.find(host.toLowerCase()).finally(work.close);
  if (pair === undefined) return message(404, `Certificate for host ${host} not found in storage`);
  return { status: 200, body: { data: { ...describeCertificate(host, pair, work.environment.clock.now()) } } };
}

/** In the body or in the query. */
const parameter = ({ body, query }: PluginAdminRequest, name: string): Json | undefined =>
  body[name] ?? query.get(name) ?? undefined;
