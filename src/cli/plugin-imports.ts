// Makes `gwctl/plugin` and `gwctl/plugin/testing` mean this very installation, wherever a user's plugin lies: a plugin needs
// no installation of its own, and there is only one interface in a process.
import { registerHooks } from 'node:module';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const OWN: Readonly<Record<string, string>> = {
  'gwctl/plugin': new URL(`../pdk/index.${extension}`, import.meta.url).href,
  'gwctl/plugin/testing': new URL(`../testing/index.${extension}`, import.meta.url).href,
};

/** For the whole process, from now on. */
export function resolvePluginImports(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const url = OWN[specifier];
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
}
