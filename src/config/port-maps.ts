// `port_maps`: which port clients use for one that is listened on, when something in front maps the one to the other.
import { GwctlError } from '../lib/errors.ts';

const MAX_PORT = 65_535;

/** @param entries `advertised:listened`. @returns the advertised port by the listened one. */
export function parsePortMaps(entries: readonly string[]): ReadonlyMap<number, number> {
  const maps = new Map<number, number>();
  for (const entry of entries) {
    const [advertised = 0, listened = 0] = entry.split(':').map(Number);
    if (!isPort(advertised) || !isPort(listened)) {
      throw new GwctlError('E_CONFIG', `port_maps: '${entry}' does not name two ports`, {
        hint: 'Write the port that clients use, a colon, and the port that is listened on, such as 443:8443.',
      });
    }
    maps.set(listened, advertised);
  }
  return maps;
}

const isPort = (port: number): boolean => port >= 1 && port <= MAX_PORT;
