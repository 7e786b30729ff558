// Whoever reads our output may stop reading: neither a running sync nor a gateway may die of it. A gateway does not die of a
// full disk either, which may have room again.
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(ignoreClosedPipe)) stream.on('error', ignoreClosedPipe);
  }
}

/** For a gateway: whatever was lost, whoever writes is told. */
export function ignoreLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // The command framework, too, listens only to throw what is no closed pipe.
    stream.removeAllListeners('error').on('error', () => undefined);
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
