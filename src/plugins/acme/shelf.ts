// Where certificates are put and found. As entities, which the gateway serves by itself; where entities cannot be written, in
// the storage, out of which the plugin hands them to the handshakes.
import { randomUUID } from 'node:crypto';
import { isObject, type Json } from '../../lib/json.ts';
import type { Cache, CertificatePair, EntityStore, EntityWrite, Environment } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { Keeper } from './keeper.ts';

export interface Shelf {
  find(host: string): Promise<CertificatePair | undefined>;
  /** Those of the plugin, by host; a pair is missing where only its record is left. */
  list(): Promise<readonly { readonly host: string; readonly pair: CertificatePair | undefined }[]>;
  put(host: string, pair: CertificatePair): Promise<void>;
  /** That a certificate was obtained, for `list`. */
  forget(host: string): Promise<void>;
}

export const RENEWALS = 'kong_acme:renew_config:';
const PAIRS = 'kong_acme:cert_key:';
const TAG = 'managed-by-acme';
const PAIR_SECONDS = 3600;
const NO_PAIR_SECONDS = 5;

export const createShelf = (environment: Environment, keeper: Keeper): Shelf =>
  environment.entities.isReadOnly
    ? shelfInStorage(keeper, openPairs(environment))
    : shelfOfEntities(environment.entities);

/** What handshakes know of the storage: looked up once in a while, and not every time for what is not there. */
export interface KnownPair {
  readonly pair: CertificatePair | undefined;
}

export const openPairs = ({ openCache }: Pick<Environment, 'openCache'>): Cache<KnownPair> =>
  openCache<KnownPair>('acme certificates');

export function remember(pairs: Cache<KnownPair>, host: string, pair: CertificatePair | undefined): void {
  const bytes = 200 + host.length + (pair === undefined ? 0 : pair.cert.length + pair.key.length);
  pairs.set(host, { pair }, { bytes, ttlSeconds: pair === undefined ? NO_PAIR_SECONDS : PAIR_SECONDS });
}

function shelfInStorage(keeper: Keeper, pairs: Cache<KnownPair>): Shelf {
  const find = async (host: string): Promise<CertificatePair | undefined> => {
    const text = await keeper.get(PAIRS + host);
    return text === undefined ? undefined : pairIn(text);
  };
  return {
    find,
    async list() {
      const keys = await keeper.list(RENEWALS);
      const hosts = keys.map((key) => key.slice(RENEWALS.length)).sort();
      return Promise.all(hosts.map(async (host) => ({ host, pair: await find(host) })));
    },
    async put(host, { cert, key }) {
      await keeper.set(PAIRS + host, JSON.stringify({ key, cert }));
      remember(pairs, host, { cert, key });
    },
    forget: (host) => keeper.delete(RENEWALS + host),
  };
}

function pairIn(text: string): CertificatePair | undefined {
  const value = JSON.parse(text) as Json;
  if (!isObject(value)) return undefined;
  const { cert, key } = value;
  return typeof cert === 'string' && typeof key === 'string' ? { cert, key } : undefined;
}

function shelfOfEntities(entities: EntityStore): Shelf {
  const certificateOf = (sni: Entity): Entity | undefined =>
    entities.get('certificates', (sni['certificate'] as { id: string }).id);
  return {
    async find(host) {
      const sni = entities.find('snis', 'name', host);
      const certificate = sni === undefined ? undefined : certificateOf(sni);
      return certificate === undefined ? undefined : pairOf(certificate);
    },
    async list() {
      return entities
        .list('snis')
        .flatMap((sni) => {
          const certificate = certificateOf(sni);
          if (certificate === undefined || !isOwn(certificate)) return [];
          return [{ host: sni['name'] as string, pair: pairOf(certificate) }];
        })
        .sort((a, b) => (a.host < b.host ? -1 : 1));
    },
    async put(host, pair) {
      const sni = entities.find('snis', 'name', host);
      const former = sni === undefined ? undefined : certificateOf(sni);
      const id = randomUUID();
      const writes: EntityWrite[] = [
        { action: 'create', kind: 'certificates', values: { id, ...pair, tags: [TAG] } },
        sni === undefined
          ? { action: 'create', kind: 'snis', values: { name: host, certificate: { id }, tags: [TAG] } }
          : { action: 'update', kind: 'snis', id: sni.id, values: { certificate: { id } } },
      ];
      if (former !== undefined && isOwn(former)) writes.push({ action: 'delete', kind: 'certificates', id: former.id });
      if ((await entities.write(writes)) === undefined) throw new Error('the certificate could not be stored');
    },
    forget: () => Promise.resolve(),
  };
}

const pairOf = (certificate: Entity): CertificatePair => ({
  cert: certificate['cert'] as string,
  key: certificate['key'] as string,
});

const isOwn = (entity: Entity): boolean => ((entity['tags'] as string[] | null) ?? []).includes(TAG);
