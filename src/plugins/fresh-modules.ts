// Imports a file and what it imports once more after they have changed. Modules that were loaded stay loaded for as long as
// the process lives, so a changed file has to have another name: every load adds its number to the addresses of the files,
// and a file passes its number on to what it imports. Packages and the gateway itself are left as they are.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PARAMETER = 'gwctl-load';
/** Whatever lies in this installation is loaded once: plugins and gateway must mean the same things. */
const OWN = new URL('../', import.meta.url).href;

export class FreshModules {
  readonly #filesOf = new Map<string, Map<string, string>>();
  readonly #hooks: { deregister(): void };
  #last = 0;

  constructor() {
    this.#hooks = registerHooks({
      resolve: (specifier, context, next) => {
        const load = context.parentURL === undefined ? undefined : loadOf(context.parentURL);
        const files = load === undefined ? undefined : this.#filesOf.get(load);
        if (files === undefined) return next(specifier, context);
        // A file that is missing now may be there later.
        if (/^\.{1,2}\//.test(specifier)) {
          const wanted = new URL(specifier, context.parentURL);
          if (wanted.protocol === 'file:') remember(files, fileURLToPath(wanted));
        }
        const found = next(specifier, context);
        if (!isOfPlugin(found.url)) return found;
        remember(files, fileURLToPath(found.url));
        return { ...found, url: withLoad(found.url, load!) };
      },
    });
  }

  /** @returns the address to import `file` by, and the files that are looked at while it is imported, with their digests. */
  begin(file: string): { readonly url: string; readonly files: ReadonlyMap<string, string> } {
    this.#last += 1;
    const load = String(this.#last);
    const files = new Map([[file, digestOf(file)]]);
    this.#filesOf.set(load, files);
    return { url: withLoad(pathToFileURL(file).href, load), files };
  }

  close(): void {
    this.#hooks.deregister();
    this.#filesOf.clear();
  }
}

export function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    // That there is none is a fact as good as its content.
    return '';
  }
}

/** Before it is read: what is written in between is then seen as a change. */
function remember(files: Map<string, string>, file: string): void {
  if (!files.has(file)) files.set(file, digestOf(file));
}

const isOfPlugin = (url: string): boolean =>
  url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(OWN);

function loadOf(url: string): string | undefined {
  return url.includes(PARAMETER) ? (new URL(url).searchParams.get(PARAMETER) ?? undefined) : undefined;
}

function withLoad(url: string, load: string): string {
  const address = new URL(url);
  address.searchParams.set(PARAMETER, load);
  return address.href;
}
