// Asks name servers, one after the other: over UDP, and over TCP when an answer does not fit. Every question has a socket
// and a random number of its own, and only what comes from the server that was asked counts.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type DnsAnswer, decodeAnswer, encodeQuestion, type RecordType } from './message.ts';

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

export interface DnsClientOptions {
  readonly servers: readonly NameServer[];
  readonly timeoutMs: number;
  /** Rounds over all servers. */
  readonly attempts: number;
}

export const NO_ERROR = 0;
export const NO_SUCH_NAME = 3;

export class DnsClient {
  readonly #options: DnsClientOptions;
  readonly #aborter = new AbortController();

  constructor(options: DnsClientOptions) {
    this.#options = options;
  }

  /** Rejects when no server answers; gives an answer with a code of failure when none has a better one. */
  async ask(name: string, type: RecordType): Promise<DnsAnswer> {
    const { servers, attempts } = this.#options;
    let failed: DnsAnswer | undefined;
    let reason = 'no name server is known';
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const server of servers) {
        if (this.#aborter.signal.aborted) throw new Error('the resolver is closed');
        const found = await this.#askOne(server, name, type);
        if (typeof found === 'string') reason = found;
        else if (found.code === NO_ERROR || found.code === NO_SUCH_NAME) return found;
        else failed = found;
      }
    }
    if (failed !== undefined) return failed;
    throw new Error(`cannot resolve ${name}: ${reason}`);
  }

  close(): void {
    this.#aborter.abort();
  }

  /** A text says why there is no answer. */
  async #askOne(server: NameServer, name: string, type: RecordType): Promise<DnsAnswer | string> {
    const question = encodeQuestion(randomInt(65_536), name, type);
    if (question === undefined) return 'it is no host name';
    const signal = AbortSignal.any([this.#aborter.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    let answer = await overUdp(server, question, signal);
    if (typeof answer !== 'string' && answer.isTruncated) answer = await overTcp(server, question, signal);
    return answer;
  }
}

const NO_ANSWER = 'no answer from the name server';

function overUdp(server: NameServer, question: Buffer, signal: AbortSignal): Promise<DnsAnswer | string> {
  return new Promise((resolve) => {
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
    let isOpen = true;
    const finish = (answer: DnsAnswer | string): void => {
      if (!isOpen) return;
      isOpen = false;
      signal.removeEventListener('abort', giveUp);
      socket.close();
      resolve(answer);
    };
    const giveUp = (): void => finish(NO_ANSWER);
    signal.addEventListener('abort', giveUp);
    socket.on('error', (error) => finish(error.message));
    socket.on('message', (bytes) => {
      const answer = decodeAnswer(bytes, question);
      // Something else may have been sent by somebody else: go on waiting.
      if (answer !== undefined) finish(answer);
    });
    // Connected: the kernel drops what does not come from the server.
    socket.connect(server.port, server.address, () => {
      if (isOpen) socket.send(question, (error) => error !== null && finish(error.message));
    });
  });
}

function overTcp(server: NameServer, question: Buffer, signal: AbortSignal): Promise<DnsAnswer | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.address, port: server.port, signal });
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (answer: DnsAnswer | string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => finish(NO_ANSWER));
    socket.on('end', () => finish(NO_ANSWER));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
      finish(decodeAnswer(bytes.subarray(2, 2 + bytes.readUInt16BE(0)), question) ?? NO_ANSWER);
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length, 0);
    socket.write(Buffer.concat([length, question]));
  });
}
