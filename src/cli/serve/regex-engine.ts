// Patterns are judged when they are configured; as a second guard, V8 changes to its linear-time engine when a match
// backtracks too much. It has to be asked for before the first pattern is compiled.
import { setFlagsFromString } from 'node:v8';

export function allowCatastrophicFallback(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
