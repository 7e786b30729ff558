// Lines into datagrams: each alone, or as many as fit, separated by line feeds.

/** @param size bytes of a datagram; 0 for one line each. A line longer than that goes alone. */
export function packLines(lines: readonly string[], size: number): string[] {
  if (size <= 0) return [...lines];
  const packets: string[] = [];
  let packet = '';
  let bytes = 0;
  for (const line of lines) {
    const length = Buffer.byteLength(line);
    if (bytes > 0 && bytes + 1 + length <= size) {
      packet += `\n${line}`;
      bytes += 1 + length;
      continue;
    }
    if (bytes > 0) packets.push(packet);
    packet = line;
    bytes = length;
  }
  if (bytes > 0) packets.push(packet);
  return packets;
}
