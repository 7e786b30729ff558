// A gateway at hand: where it is, the schemas both sides are read with, and the client for its Admin API.
import type { AdminClient, Connection } from '../control/remote/client.ts';
import type { GatewayVersion } from '../control/remote/version.ts';
import type { RouterFlavor } from '../entities/registry.ts';
import { isObject } from '../lib/json.ts';
import { VERSION } from '../lib/version.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { type ConnectionFlags, createConnection } from './connection.ts';
import { refuseKonnect } from './deck-flags.ts';

export interface GatewaySession {
  readonly connection: Connection;
  readonly client: AdminClient;
  /** The same outside of any workspace. */
  readonly root: AdminClient;
  readonly version: GatewayVersion;
  readonly schemas: SchemaSet;
}

/** Modules that cost start-up time are loaded here, not at the top of commands. */
export async function openSession(flags: ConnectionFlags, onTrace?: (line: string) => void): Promise<GatewaySession> {
  refuseKonnect({ ...flags });
  const connection = createConnection(flags);
  const [{ createClient }, { readVersion }, { isRouterFlavor }] = await Promise.all([
    import('../control/remote/client.ts'),
    import('../control/remote/version.ts'),
    import('../entities/registry.ts'),
  ]);
  // The version is asked for outside of the workspace: there it always answers.
  const root = await createClient({ ...connection, workspace: undefined }, onTrace);
  const version = await readVersion(root);
  const { configuration } = version.root;
  const flavor = isObject(configuration) ? configuration['router_flavor'] : undefined;
  const schemas = await bundledSchemas(isRouterFlavor(flavor) ? flavor : undefined);
  const client = connection.workspace === undefined ? root : await createClient(connection, onTrace);
  return { connection, client, root, version, schemas };
}

/** The same, with the schemas of a gateway that is another version, or another program, than this one. */
export async function openAdaptedSession(
  flags: ConnectionFlags & { readonly parallelism: number },
  onTrace?: (line: string) => void,
): Promise<GatewaySession> {
  const session = await openSession(flags, onTrace);
  const { root } = session.version;
  const own = root['gwctl'];
  if (isObject(own) && own['version'] === VERSION) return session;
  const plugins = root['plugins'];
  const available = isObject(plugins) ? plugins['available_on_server'] : undefined;
  const names = isObject(available) ? new Set(Object.keys(available)) : undefined;
  const { adaptSchemas } = await import('../control/remote/adapt.ts');
  return { ...session, schemas: await adaptSchemas(session.client, session.schemas, names, flags.parallelism) };
}

/** @param routerFlavor what routes may be depends on it. */
export async function bundledSchemas(routerFlavor?: RouterFlavor): Promise<SchemaSet> {
  const [{ createSchemas }, { pluginSchemas }] = await Promise.all([
    import('../entities/registry.ts'),
    import('../plugins/schemas.ts'),
  ]);
  return createSchemas(pluginSchemas, { ...(routerFlavor !== undefined && { routerFlavor }) });
}
