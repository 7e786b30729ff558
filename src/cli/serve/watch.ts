// Watches state files and calls back once a burst of changes is over. Directories of the files are watched, because
// editors replace files instead of writing into them. The system bounds how much can be watched: what cannot be is told.
import { existsSync, type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

const QUIET_MS = 100;

export interface Watch {
  close(): void;
}

export interface WatchEvents {
  onChange(): void;
  /** From now on changes of this input may go unnoticed. */
  onError(input: string, error: Error): void;
}

export function watchFiles(inputs: readonly string[], { onChange, onError }: WatchEvents): Watch {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  const notice = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  for (const input of inputs) {
    const isDirectory = statSync(input, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const place = isDirectory ? input : dirname(input);
    // A file that is not there may come; where its directory is missing too, nothing tells.
    if (!existsSync(place)) continue;
    const name = basename(input);
    let seen = identityOf(input);
    // What it links to may be replaced, as orchestrators do with the configuration that they mount.
    const isElsewhere = (): boolean => {
      const before = seen;
      seen = identityOf(input);
      return seen !== before;
    };
    try {
      const watcher = watch(place, { recursive: isDirectory }, (_event, changed) => {
        if (isElsewhere() || isDirectory || changed === null || changed === name) notice();
      });
      watcher.on('error', (error) => onError(input, error as Error));
      watchers.push(watcher);
    } catch (error) {
      onError(input, error as Error);
    }
  }
  return {
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Of the file that the name leads to. */
function identityOf(input: string): string {
  const file = statSync(input, { throwIfNoEntry: false });
  return file === undefined ? '' : `${file.dev} ${file.ino}`;
}
