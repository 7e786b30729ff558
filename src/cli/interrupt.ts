// Ctrl-C and SIGTERM: the first asks to stop, the second stops.

export interface Interruption {
  readonly signal: AbortSignal;
  close(): void;
}

export function listenForInterrupt(onFirst: (name: string) => void): Interruption {
  const controller = new AbortController();
  const handle = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(1);
    onFirst(name);
    controller.abort();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    close() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
