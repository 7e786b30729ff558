// Settings of the JavaScript engine for a process that serves requests. They have to be made before the first pattern is
// compiled and the first request is handled.
import { setFlagsFromString } from 'node:v8';
import { setEngineFlag } from '../../lib/engine-flag.ts';

export function setEngineFlags(): void {
  // Patterns are judged when they are configured; as a second guard, a match that backtracks too much goes on in V8's
  // linear-time engine.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  // A request's objects die together soon after they were made. V8 would come to allocate some of them in the old space,
  // where they keep the others alive until the next full collection: measured as a fifth of the time of a small request.
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * While a process starts, nearly all it makes stays: a large young generation would only be memory that the process keeps
 * afterwards (11 MB of 110).
 */
export function holdYoungGeneration(): void {
  setEngineFlag('semi-space-growth-factor', 1);
}

/** Requests make it grow as V8 thinks best. */
export function releaseYoungGeneration(): void {
  setEngineFlag('semi-space-growth-factor', 2);
}

/**
 * While a process loads its modules, the hottest code is what loads them. Compiling that for speed pays nothing back, and only
 * brings the compilers themselves into memory (7 MB of 83). Not to be held while a large configuration is read, which would take
 * twice as long.
 */
export function holdCompilers(): void {
  for (const filter of COMPILER_FILTERS) setEngineFlag(filter, NOTHING);
}

export function releaseCompilers(): void {
  for (const filter of COMPILER_FILTERS) setEngineFlag(filter, EVERYTHING);
}

/** Which functions they may compile. To turn compilers off and on would overrule who starts node without them. */
const COMPILER_FILTERS = ['maglev-filter', 'turbo-filter'];
const EVERYTHING = '*';
const NOTHING = '-*';
