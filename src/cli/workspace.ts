// The workspace a command works in: the one of --workspace, else that of the files. A missing one is created by the commands
// that write, unless they are told to leave workspaces alone.
import { type AdminClient, type Connection, createClient } from '../control/remote/client.ts';
import { createSender } from '../control/remote/send.ts';
import { GwctlError } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import type { ConnectionFlags } from './connection.ts';
import { type GatewaySession, openSession } from './gateway-session.ts';

export interface Workplace {
  readonly connection: Connection;
  readonly client: AdminClient;
  /** Its name, when the gateway does not have it. */
  readonly missing: string | undefined;
}

export interface WorkplaceRequest {
  readonly connection: Connection;
  readonly root: AdminClient;
  readonly inFiles: string | undefined;
  readonly existence: 'check' | 'assume';
  readonly onTrace: ((line: string) => void) | undefined;
}

export async function enterWorkspace({
  connection,
  root,
  inFiles,
  existence,
  onTrace,
}: WorkplaceRequest): Promise<Workplace> {
  const { workspace: flag } = connection;
  if (flag !== undefined && inFiles !== undefined && flag !== inFiles) {
    process.stderr.write(`Warning: workspace '${flag}' of --workspace is used, not '${inFiles}' of the files\n`);
  }
  const workspace = flag ?? inFiles;
  if (workspace === undefined) return { connection, client: root, missing: undefined };
  const within = { ...connection, workspace };
  const client = await createClient(within, onTrace);
  if (existence === 'assume') return { connection: within, client, missing: undefined };
  const found = await root.get(`/workspaces/${encodeURIComponent(workspace)}`, { absent: [404] });
  return { connection: within, client, missing: found === undefined ? workspace : undefined };
}

/** For commands that only read: there is nothing to read in a workspace that is not there. */
export async function requireWorkspace({ root, connection }: GatewaySession, inFiles?: string): Promise<void> {
  const workspace = connection.workspace ?? inFiles;
  if (workspace === undefined) return;
  const found = await root.get(`/workspaces/${encodeURIComponent(workspace)}`, { absent: [404] });
  if (found !== undefined) return;
  throw new GwctlError('E_REMOTE', `the gateway has no workspace '${workspace}'`, {
    hint: 'The open edition of the gateway has no workspaces. Leave --workspace and _workspace out.',
  });
}

export async function createWorkspace(connection: Connection, name: string): Promise<void> {
  const sender = await createSender({ ...connection, workspace: undefined }, { connections: 1 });
  try {
    const body = JSON.stringify({ name });
    const answer = await sender.send({ method: 'POST', path: '/workspaces', body }, new AbortController().signal);
    // Somebody else may have made it meanwhile.
    if (answer.kind === 'answer' && (answer.status < 300 || answer.status === 409)) return;
    throw new GwctlError('E_REMOTE', `the workspace ${name} cannot be created`, {
      details: answer.kind === 'answer' ? `  status ${answer.status}: ${answer.text.slice(0, 200)}` : '',
      hint: 'The open edition of the gateway has no workspaces. Leave --workspace and _workspace out.',
      ...(answer.kind === 'fault' ? { cause: answer.error } : {}),
    });
  } finally {
    await sender.close();
  }
}

/** Names of all workspaces; of a gateway that has none, undefined once. */
export async function listWorkspaces(
  flags: ConnectionFlags,
  onTrace?: (line: string) => void,
): Promise<(string | undefined)[]> {
  const { root } = await openSession({ ...flags, workspace: undefined }, onTrace);
  const names: string[] = [];
  for (let offset = ''; ; ) {
    const page = await root.get(`/workspaces?size=1000${offset}`, { absent: [404] });
    if (page === undefined) return [undefined];
    for (const item of Array.isArray(page['data']) ? page['data'] : []) {
      if (isObject(item) && typeof item['name'] === 'string') names.push(item['name']);
    }
    const next = page['offset'];
    if (typeof next !== 'string' || next === '' || offset.endsWith(encodeURIComponent(next))) return names.sort();
    offset = `&offset=${encodeURIComponent(next)}`;
  }
}
