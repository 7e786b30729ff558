// One connection on its way through the gateway: what the core notes of it, what plugins see of it, and its records.
import type { Json, JsonObject } from '../../lib/json.ts';
import type { LogMode, Shared, Slot, StreamLogExchange } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { AccessRecord, GatewayCore } from '../core.ts';
import { applyEdit, type LogEdit, logEdit } from '../observe/log-edits.ts';
import { storedEntity, WORKSPACE } from '../observe/log-record.ts';
import type { TlsSession } from '../tls/session.ts';
import { recordTry, type Try } from '../try.ts';
import type { StreamRoute, StreamTable } from './table.ts';

export interface StreamArrival {
  readonly protocol: 'tcp' | 'tls' | 'udp';
  readonly serverName: string | undefined;
  readonly clientIp: string;
  readonly clientPort: number;
  readonly peerIp: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** Undefined where no encryption ends here. */
  readonly tlsSession?: TlsSession | undefined;
}

export class StreamContext implements StreamLogExchange, Shared {
  readonly core: GatewayCore;
  readonly table: StreamTable;
  readonly id: string;
  readonly arrival: StreamArrival;
  readonly client: StreamLogExchange['client'];
  readonly connection: StreamLogExchange['connection'];
  readonly bytes = { received: 0, sent: 0 };
  /** With the upstream. */
  readonly upstreamBytes = { received: 0, sent: 0 };
  readonly attempts: Try[] = [];
  readonly match: StreamRoute | undefined;
  status = 500;
  /** Milliseconds until bytes could pass. */
  kongLatency = 0;
  #slots: Map<object, unknown> | undefined = undefined;
  #edits: LogEdit[] = [];

  constructor(core: GatewayCore, table: StreamTable, arrival: StreamArrival, match: StreamRoute | undefined) {
    this.core = core;
    this.table = table;
    this.id = core.newRequestId();
    this.arrival = arrival;
    this.match = match;
    const { protocol, serverName, localAddress, localPort } = arrival;
    this.client = { ip: arrival.clientIp, port: arrival.clientPort, peerIp: arrival.peerIp };
    this.connection = { protocol, serverName, localAddress, localPort, startedAt: Date.now() };
  }

  get shared(): Shared {
    return this;
  }
  get route(): Entity | undefined {
    return this.match?.entity;
  }
  get service(): Entity | undefined {
    return this.match?.service;
  }

  get<T>(key: Slot<T>): T | undefined {
    return this.#slots?.get(key) as T | undefined;
  }
  set<T>(key: Slot<T>, value: T): void {
    (this.#slots ??= new Map()).set(key, value);
  }

  setLogValue(key: string, value: Json | undefined, mode: LogMode = 'set'): void {
    this.#edits.push(logEdit(key, value, mode));
  }

  logRecord(): JsonObject {
    const { received, sent } = this.bytes;
    const { serverName, localPort, startedAt, protocol } = this.connection;
    const record: JsonObject = {
      session: {
        received,
        sent,
        status: this.status,
        server_port: localPort,
        ...(protocol === 'tls' && {
          tls: { ...this.arrival.tlsSession, client_verify: 'NONE', ...(serverName && { sni: serverName }) },
        }),
      },
      upstream: { ...this.upstreamBytes },
      latencies: { kong: this.kongLatency, session: Date.now() - startedAt },
      tries: this.attempts.map(recordTry) as unknown as Json,
      client_ip: this.client.ip,
      started_at: startedAt,
      workspace: WORKSPACE.id,
      workspace_name: WORKSPACE.name,
    };
    if (this.route !== undefined) record['route'] = storedEntity(this.route);
    if (this.service !== undefined) record['service'] = storedEntity(this.service);
    for (const edit of this.#edits) applyEdit(record, edit);
    return record;
  }

  logText(): string {
    return JSON.stringify(this.logRecord());
  }

  logLine(): Uint8Array {
    return Buffer.from(`${this.logText()}\n`);
  }

  accessRecord(): AccessRecord {
    const last = this.attempts[this.attempts.length - 1];
    const { startedAt, protocol, serverName, localAddress, localPort } = this.connection;
    return {
      time: startedAt,
      request_id: this.id,
      client_ip: this.client.ip,
      method: protocol.toUpperCase(),
      uri: '',
      host: serverName ?? `${localAddress}:${localPort}`,
      status: this.status,
      bytes_in: this.bytes.received,
      bytes_out: this.bytes.sent,
      route: nameOf(this.route),
      service: nameOf(this.service),
      upstream: last === undefined ? null : `${last.peer.address}:${last.peer.port}`,
      consumer: null,
      latency: Date.now() - startedAt,
      latency_kong: this.kongLatency,
      latency_upstream: -1,
      tries: this.attempts.length,
      aborted: this.status !== 200,
    };
  }
}

const nameOf = (entity: Entity | undefined): string | null =>
  typeof entity?.['name'] === 'string' ? entity['name'] : (entity?.id ?? null);
