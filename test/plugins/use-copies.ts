// Loaded before a test file: the gateway's bundled plugins are then the copies that lie in the folder COPIED_PLUGINS. What was
// put in the place of an original is noted in `used` there.
import { appendFileSync, existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolvePluginImports } from '../../src/cli/plugin-imports.ts';

const folder = process.env['COPIED_PLUGINS']!;
const PLUGINS = new URL('../../src/plugins/', import.meta.url).href;

resolvePluginImports();
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const [, name] = found.url.startsWith(PLUGINS)
      ? (/^([^/]+)\/index\.ts$/.exec(found.url.slice(PLUGINS.length)) ?? [])
      : [];
    if (name === undefined || !existsSync(join(folder, name))) return found;
    appendFileSync(join(folder, 'used'), `${name}\n`);
    return { ...found, url: pathToFileURL(join(folder, name, 'index.ts')).href };
  },
});
