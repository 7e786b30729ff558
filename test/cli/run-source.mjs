// Runs a command from its source, as bin/gwctl.js runs it from dist/: node run-source.mjs <command> [arguments].
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [name, ...argv] = process.argv.slice(2);
const { default: Command } = await import(`${root}/src/commands/${name}.ts`);
await Command.run(argv, { root });
