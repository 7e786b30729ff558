// Plugins in the handshake of a client, when the name is read that he calls the server by and no certificate is shown yet.
// Only instances that act on everything run: route and service are not known. A handler that throws ends the handshake.
import type { Socket } from 'node:net';
import { plainAddress } from '../../lib/address.ts';
import { isPromise } from '../../lib/promise.ts';
import type { CertificateExchange, CertificatePair } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { PluginInstance } from '../plugins/instances.ts';

/** What answers: a certificate, the default one (undefined), or nothing. */
export type Shown = Entity | 'refuse' | undefined;

export interface Hello {
  readonly socket: Socket;
  readonly serverName: string | undefined;
  /** That would answer without any plugin. */
  readonly certificate: Entity | undefined;
}

export type CertificatePhase = (hello: Hello) => Shown | Promise<Shown>;

type Step = CertificatePair | 'refuse' | undefined;

const MAX_PAIRS = 1000;
const MAX_WAIT_MS = 10_000;

/** Pairs that plugins gave, as what the handshakes know by identity. */
export class PluginPairs {
  readonly #known = new Map<string, Entity>();

  certificateOf(plugin: string, { cert, key }: CertificatePair): Entity {
    const name = `${cert}\n${key}`;
    let known = this.#known.get(name);
    if (known === undefined) {
      if (this.#known.size >= MAX_PAIRS) this.#known.clear();
      known = { id: `of plugin ${plugin}`, cert, key };
      this.#known.set(name, known);
    }
    return known;
  }
}

export interface PhaseParts {
  readonly instances: readonly PluginInstance[];
  readonly pairs: PluginPairs;
  onError(instance: PluginInstance, error: unknown): void;
}

export function runCertificatePhase(hello: Hello, parts: PhaseParts): Shown | Promise<Shown> {
  if (parts.instances.length === 0) return hello.certificate;
  const { socket, serverName, certificate } = hello;
  const exchange: CertificateExchange = {
    client: { peerIp: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 },
    connection: {
      serverName: serverName?.toLowerCase(),
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      startedAt: Date.now(),
    },
    certificateId: certificate?.id,
  };
  const shown = runFrom(exchange, certificate, parts, 0);
  return isPromise<Shown>(shown) ? inTime(shown) : shown;
}

function runFrom(
  exchange: CertificateExchange,
  certificate: Entity | undefined,
  parts: PhaseParts,
  from: number,
): Shown | Promise<Shown> {
  for (let i = from; i < parts.instances.length; i++) {
    const instance = parts.instances[i]!;
    const shownBy = (step: Step): Shown =>
      step === 'refuse' || step === undefined ? step : parts.pairs.certificateOf(instance.name, step);
    const failed = (error: unknown): 'refuse' => {
      parts.onError(instance, error);
      return 'refuse';
    };
    try {
      const step = instance.phases.certificate!(exchange);
      if (isPromise<Step>(step)) {
        return step
          .catch(failed)
          .then((later) => (later === undefined ? runFrom(exchange, certificate, parts, i + 1) : shownBy(later)));
      }
      if (step !== undefined) return shownBy(step as Step);
    } catch (error) {
      return failed(error);
    }
  }
  return certificate;
}

/** A client that waits for a plugin is let go like one that says nothing. */
function inTime(shown: Promise<Shown>): Promise<Shown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Shown>((resolve) => {
    timer = setTimeout(() => resolve('refuse'), MAX_WAIT_MS);
  });
  return Promise.race([shown, late]).finally(() => clearTimeout(timer));
}
