// What signals tell a running gateway: SIGHUP to load its files again, SIGUSR1 to open its logs again, and SIGTERM, SIGINT
// or SIGQUIT to end once running requests are answered. A second one of these ends at once.
export interface SignalActions {
  reload(): void;
  reopen(): void;
  onEnding(signal: string): void;
}

/** Resolves when the process shall end. */
export function untilSignal({ reload, reopen, onEnding }: SignalActions): Promise<void> {
  return new Promise((resolve) => {
    let isEnding = false;
    const end = (name: NodeJS.Signals): void => {
      if (isEnding) process.exit(1);
      isEnding = true;
      onEnding(name);
      resolve();
    };
    for (const name of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(name, end);
    process.on('SIGHUP', () => {
      if (!isEnding) reload();
    });
    process.on('SIGUSR1', reopen);
  });
}
