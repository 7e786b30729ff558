// `gwctl` from the sources, with the words of a command line: node gwctl.mjs gateway validate kong.yaml
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [first, second, ...rest] = process.argv.slice(2);
const isTopic = existsSync(`${root}/src/commands/${first}/${second}.ts`);
// The second name of a command that is called by its own elsewhere.
const isAlias = !isTopic && (first === 'gateway' || first === 'file');
const path = isTopic ? `${first}/${second}` : isAlias ? second : first;
const argv = isTopic || isAlias ? rest : [second, ...rest].filter((word) => word !== undefined);
const { default: Command } = await import(`${root}/src/commands/${path}.ts`);
await Command.run(argv, { root });
