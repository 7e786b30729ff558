// Runs chunks of JavaScript in a context of their own: without modules, process, timers or network, with a time limit per
// call. A context is no security boundary against code that means harm: whoever may write chunks is trusted like whoever may
// write the configuration.
import { compileFunction, constants, createContext, Script } from 'node:vm';
import { GUEST_SOURCE } from './guest.ts';

/** Answers a call from inside: JSON, '' for nothing, or `!` and what the caller did wrong. Must not throw. */
export type Host = (operation: string, argumentsText: string) => string;

export interface Sandbox {
  /** Answers what went wrong. */
  run(chunk: number, host: Host): string | undefined;
}

/** By the clock on the wall: long enough that a busy machine stops nobody. */
const TIME_LIMIT_MS = 500;

/** @param chunks their numbers are their positions. @param name shown in messages. */
export function createSandbox(chunks: readonly string[], name: string): Sandbox {
  let current: Host = () => '';
  let chosen = 0;
  const context = createContext(constants.DONT_CONTEXTIFY, {
    name,
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const host: Host = (operation, text) => {
    if (operation === 'chunk') return String(chosen);
    try {
      return current(operation, text);
    } catch {
      return `!${operation} failed`;
    }
  };
  const makeRegister = new Script(GUEST_SOURCE, { filename: name }).runInContext(context) as (
    host: Host,
  ) => (chunk: unknown) => number;
  const register = makeRegister(host);
  for (const code of chunks) {
    register(compileFunction(`'use strict';${code}`, ['kong'], { parsingContext: context, filename: name }));
  }
  const run = new Script('run()', { filename: name });
  return {
    run(chunk, answer) {
      const [before, wasChosen] = [current, chosen];
      current = answer;
      chosen = chunk;
      try {
        const problem = run.runInContext(context, { timeout: TIME_LIMIT_MS }) as unknown;
        return typeof problem === 'string' && problem !== '' ? problem : undefined;
      } catch (error) {
        const isLate = (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
        return isLate ? `took longer than ${TIME_LIMIT_MS} ms` : 'failed';
      } finally {
        current = before;
        chosen = wasChosen;
      }
    },
  };
}
