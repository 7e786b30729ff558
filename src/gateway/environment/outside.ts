// Everything through which plugins reach the world outside, opened and closed as one: queues first, so that what they still
// have goes out, then the connections.
import { BatchQueue, type QueueOptions } from '../../lib/queue.ts';
import type { Network, Queue, SystemLog } from '../../pdk/index.ts';
import { HttpSender } from './network/http.ts';
import { lookupWith, type Resolve } from './network/lookup.ts';
import { TcpSender } from './network/tcp.ts';
import { UdpSender } from './network/udp.ts';
import { LoggerProcess } from './system-log.ts';

/** How long queues may still send when the gateway ends. */
const LAST_SENDS_MS = 5000;

interface SharedQueue<E> {
  readonly queue: BatchQueue<E>;
  users: number;
}

export class Outside {
  readonly network: Network;
  readonly systemLog: SystemLog;
  readonly #queues = new Set<{ close(withinMs?: number): Promise<void> }>();
  readonly #named = new Map<string, SharedQueue<unknown>>();
  /** Under way. */
  readonly #sends = new Set<Promise<unknown>>();
  readonly #closeAll: () => Promise<void>;

  constructor(options: {
    readonly resolve: Resolve;
    readonly systemLogSocket: string | undefined;
    readonly report: (message: string) => void;
  }) {
    const http = new HttpSender(options.resolve);
    const udp = new UdpSender(options.resolve);
    const tcp = new TcpSender(options.resolve);
    const logger = new LoggerProcess(options.systemLogSocket, options.report);
    this.network = {
      lookup: lookupWith(options.resolve),
      http: (request) => this.#watch(http.send(request)),
      open: (request) => this.#watch(http.open(request)),
      udp: (host, port, datagrams) => this.#watch(udp.send(host, port, datagrams)),
      tcp: (target, text) => this.#watch(tcp.send(target, text)),
    };
    this.systemLog = logger;
    this.#closeAll = async () => {
      await Promise.all([http.close(), logger.close()]);
      udp.close();
      tcp.close();
    };
  }

  /** @param name of a queue that is shared by all who open it by this name. */
  openQueue<E>(options: QueueOptions<E>, name?: string): Queue<E> {
    const known = name === undefined ? undefined : this.#named.get(name);
    const shared = (known ?? { queue: new BatchQueue(options), users: 0 }) as SharedQueue<E>;
    const { queue } = shared;
    queue.use(options);
    shared.users += 1;
    this.#queues.add(queue);
    if (name !== undefined) this.#named.set(name, shared as SharedQueue<unknown>);
    return {
      get isFull() {
        return queue.isFull;
      },
      push(entry) {
        queue.use(options);
        queue.push(entry);
      },
      close: () => {
        shared.users -= 1;
        if (shared.users > 0) return;
        if (name !== undefined) this.#named.delete(name);
        void queue.close().then(() => this.#queues.delete(queue));
      },
    };
  }

  async close(): Promise<void> {
    const deadline = performance.now() + LAST_SENDS_MS;
    await Promise.all([...this.#queues].map((queue) => queue.close(LAST_SENDS_MS)));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
    });
    await Promise.race([Promise.allSettled(this.#sends), late]);
    clearTimeout(timer);
    await this.#closeAll();
  }

  #watch<T>(send: Promise<T>): Promise<T> {
    this.#sends.add(send);
    const forget = (): void => {
      this.#sends.delete(send);
    };
    send.then(forget, forget);
    return send;
  }
}
