// A request every few milliseconds to one of very many routes, while something else goes on, and how long they took. They are
// sent on time whatever becomes of those before: a gateway that stands still for a second makes hundreds wait.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 3;

export const COLUMNS = 'ms a request      p50     p90     p99     max';

/** Route `i` has the host `h<i / 16>.test` and the path `/r<i>/all`. */
export class RouteLoad {
  #agent = new Agent({ keepAlive: true });
  #port;
  #count;

  constructor(port, count) {
    this.#port = port;
    this.#count = count;
  }

  /** Prints a line, with what `work` tells at its end. */
  async during(name, work) {
    const sent = [];
    let isOver = false;
    const load = (async () => {
      for (let i = 0; !isOver; i = (i + 7919) % this.#count) {
        sent.push(this.#send(i));
        await delay(PAUSE_MS);
      }
    })();
    const told = await work();
    isOver = true;
    await load;
    const took = (await Promise.all(sent)).sort((a, b) => a - b);
    const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(1).padStart(7);
    console.log(`${name.padEnd(24)} ${at(0.5)} ${at(0.9)} ${at(0.99)} ${at(1)}   ${told}`);
  }

  close() {
    this.#agent.destroy();
  }

  #send(i) {
    return new Promise((resolve, reject) => {
      const start = performance.now();
      const options = { host: '127.0.0.1', port: this.#port, path: `/r${i}/all`, agent: this.#agent };
      request({ ...options, headers: { host: `h${i >> 4}.test` } }, (response) => {
        response.resume();
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.on('end', () => resolve(performance.now() - start));
      })
        .on('error', reject)
        .end();
    });
  }
}
