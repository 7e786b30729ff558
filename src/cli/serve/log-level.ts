// The least severity that the log shows: as configured, or for a while as the Admin API was told. Workers are told of every
// change, the one back included: only one process keeps the time.
export interface LogLevelSwitch {
  current(): string;
  /** For so many seconds, then the configured level again; 0 is for good. */
  set(level: string, seconds: number): void;
  close(): void;
}

export function createLogLevel(
  configured: string,
  onChange: (level: string) => void = () => undefined,
): LogLevelSwitch {
  let level = configured;
  let timer: NodeJS.Timeout | undefined;
  const change = (next: string): void => {
    level = next;
    onChange(next);
  };
  return {
    current: () => level,
    set(next, seconds) {
      clearTimeout(timer);
      change(next);
      if (seconds === 0) return;
      timer = setTimeout(() => change(configured), seconds * 1000);
      timer.unref();
    },
    close: () => clearTimeout(timer),
  };
}
