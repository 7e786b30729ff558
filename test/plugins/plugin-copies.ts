// Copies of bundled plugins as somebody would have who wrote them himself: in a folder outside the sources, with all that they
// take of the gateway imported from `gwctl/plugin`.
import { cpSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLUGINS = join(ROOT, 'src/plugins');
/** Of the interface, of the language of schemas, and of the library: in a copy they have one name. */
const OF_THE_GATEWAY = /(from |import\()'(?:\.\.\/)+(?:pdk|schema|lib)\/[^']+'/g;

/** The parts that bundled plugins share with each other go with them; packages are those that are installed here. */
export function copyPlugins(names: readonly string[], folder: string): void {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  for (const name of [...names, 'shared']) {
    const filter = (file: string): boolean => !file.endsWith('.test.ts');
    cpSync(join(PLUGINS, name), join(folder, name), { recursive: true, filter });
    for (const file of globSync(`${name}/**/*.ts`, { cwd: folder })) {
      const path = join(folder, file);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(OF_THE_GATEWAY, "$1'gwctl/plugin'"));
    }
  }
}
