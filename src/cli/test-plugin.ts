// Loads a plugin as a gateway would, and runs the tests of its folder in a process of their own.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { GwctlError } from '../lib/errors.ts';
import { loadPluginDefinitions } from '../plugins/loader.ts';
import { resolvePluginImports } from './plugin-imports.ts';

const HOOKS = new URL(`./plugin-test-hooks.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href;

/** Answers the exit code: 0 when the plugin loads and every test passes. */
export async function testPlugin(folder: string, print: (line: string) => void): Promise<number> {
  resolvePluginImports();
  const directory = resolve(folder);
  const [definition] = await loadPluginDefinitions([directory], process.cwd());
  await definition!.handler?.();
  print(`${definition!.name} ${definition!.version}, priority ${definition!.priority}`);
  const files = globSync('**/*.test.{ts,js,mjs}', { cwd: directory, exclude: (name) => name === 'node_modules' });
  if (files.length === 0)
    throw new GwctlError('E_USAGE', `${folder} has no tests`, { hint: 'Write one named *.test.ts.' });
  const child = spawn(process.execPath, ['--import', HOOKS, '--test', ...files], { cwd: directory, stdio: 'inherit' });
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)));
}
