// From the command line to a command: oclif finds and runs it; what goes wrong before a command is there ends here.
import { VERSION } from '../lib/version.ts';
import { holdCompilers, holdYoungGeneration } from './serve/v8-flags.ts';

/** @param root the package's folder, where oclif finds package.json and the manifest. */
export async function run(argv: readonly string[], root: string): Promise<void> {
  // Asked so often by scripts that it does not wait for the command framework.
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`gwctl/${VERSION} ${process.platform}-${process.arch} node-${process.version}\n`);
    return;
  }
  // Most of what it starts with stays until it ends.
  if (argv[0] === 'serve') {
    holdYoungGeneration();
    holdCompilers();
  }
  const [{ run: runCommand }, { flush }] = await Promise.all([import('@oclif/core/run'), import('@oclif/core/flush')]);
  try {
    await runCommand([...argv], { root });
    await flush();
  } catch (error) {
    const { printError } = await import('./print-error.ts');
    process.exitCode = await printError(error as Error, { useColor: true, verbosity: 0 });
  }
}
