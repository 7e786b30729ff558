// Writes docs/reference from the sources: `npm run docs`. Pages of things that are gone go too.
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referencePages } from './reference/pages.ts';

const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const pages = await referencePages();
let written = 0;
for (const [path, text] of pages) {
  const file = join(folder, path);
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  written += 1;
}
const gone = globSync('**/*.md', { cwd: folder }).filter((path) => !pages.has(path.replaceAll('\\', '/')));
for (const path of gone) await rm(join(folder, path));
console.log(`docs/reference: ${pages.size} pages, ${written} changed, ${gone.length} removed`);
