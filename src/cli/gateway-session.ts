// A gateway at hand: where it is, the schemas both sides are read with, and the client for its Admin API.
import type { AdminClient, Connection } from '../control/remote/client.ts';
import type { GatewayVersion } from '../control/remote/version.ts';
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
  const [{ createClient }, { readVersion }, schemas] = await Promise.all([
    import('../control/remote/client.ts'),
    import('../control/remote/version.ts'),
    bundledSchemas(),
  ]);
  // The version is asked for outside of the workspace: there it always answers.
  const root = await createClient({ ...connection, workspace: undefined }, onTrace);
  const version = await readVersion(root);
  const client = connection.workspace === undefined ? root : await createClient(connection, onTrace);
  return { connection, client, root, version, schemas };
}

export async function bundledSchemas(): Promise<SchemaSet> {
  const [{ createSchemas }, { pluginSchemas }] = await Promise.all([
    import('../entities/registry.ts'),
    import('../plugins/schemas.ts'),
  ]);
  return createSchemas(pluginSchemas);
}
