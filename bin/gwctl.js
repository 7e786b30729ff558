#!/usr/bin/env node
// biome-ignore-all lint/style/useNodejsImportProtocol: old runtimes do not know the prefix, and must get to the sentence.
// The executable. Plain JavaScript that even Node 12 can read: on a runtime that is too old it starts again with the one
// this package brings along, or says one clear sentence. Everything else is in dist/.
import { spawn } from 'child_process';
import { existsSync } from 'fs';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

const NEEDED = [22, 19];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  start().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else restart();

function restart() {
  const runtime = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (process.env.GWCTL_RESTARTED === '1' || !existsSync(runtime)) {
    console.error(`Error: gwctl needs Node ${NEEDED.join('.')} or newer, and this is Node ${process.versions.node}.`);
    process.exitCode = 1;
    return;
  }
  const child = spawn(runtime, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    env: Object.assign({}, process.env, { GWCTL_RESTARTED: '1' }),
  });
  // The terminal sends Ctrl-C to both; others signal this process only.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('error', (error) => {
    console.error(`Error: cannot start ${runtime}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code;
  });
}

async function start() {
  const { enableCompileCache } = await import('module');
  enableCompileCache();
  const { run } = await import('../dist/cli/main.js').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || existsSync(join(root, 'dist', 'cli', 'main.js'))) throw error;
    console.error('Error: gwctl is not built yet. Run: npm run build');
    process.exit(1);
  });
  await run(process.argv.slice(2), root);
}
