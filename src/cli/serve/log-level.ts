// The least severity that the log shows: as configured, or for a while as the Admin API was told.
export interface LogLevelSwitch {
  current(): string;
  /** For so many seconds, then the configured level again; 0 is for good. */
  set(level: string, seconds: number): void;
  close(): void;
}

export function createLogLevel(configured: string): LogLevelSwitch {
  let level = configured;
  let timer: NodeJS.Timeout | undefined;
  return {
    current: () => level,
    set(next, seconds) {
      clearTimeout(timer);
      level = next;
      if (seconds === 0) return;
      timer = setTimeout(() => {
        level = configured;
      }, seconds * 1000);
      timer.unref();
    },
    close: () => clearTimeout(timer),
  };
}
