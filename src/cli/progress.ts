// How far a sync has come, rewritten in place on a terminal; nothing at all elsewhere.

export interface Progress {
  advance(): void;
  close(): void;
}

export function createProgress(stream: NodeJS.WriteStream, total: number): Progress {
  if (stream.isTTY !== true || total === 0) return { advance: () => undefined, close: () => undefined };
  let done = 0;
  let drawnAt = 0;
  const draw = (): void => {
    const width = 24;
    const filled = Math.round((done / total) * width);
    stream.write(`\r[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${done}/${total}`);
  };
  return {
    advance() {
      done++;
      const now = performance.now();
      if (now - drawnAt < 100 && done < total) return;
      drawnAt = now;
      draw();
    },
    close: () => void stream.write('\r\u001b[K'),
  };
}
