// acl at work: two look-ups for a consumer in groups, none for a caller whose groups another plugin told.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
} from '../../pdk/index.ts';
import { authenticatedGroups } from '../shared/groups.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const NO_GROUPS: readonly string[] = [];

export function create(config: Config, { entities }: Environment): Phases {
  const { allow, deny, hide_groups_header, always_use_authenticated_groups } = config;
  const isDenying = deny !== null && deny.length > 0;
  const listed = new Set(isDenying ? deny : allow);
  const unknown = error(401);
  const refused = error(403, 'You cannot consume this service');

  /** In the order in which they were added. */
  const groupsOf = (consumer: string): readonly string[] => {
    const rows = entities.children('acls', 'consumer', consumer);
    return rows.length === 0 ? NO_GROUPS : rows.map((row) => row['group'] as string);
  };

  function decide(
    { upstream }: AccessExchange,
    groups: readonly string[],
    header: 'X-Consumer-Groups' | 'X-Authenticated-Groups',
  ): Answer | undefined {
    if (isListed(groups) === isDenying) return refused;
    if (!hide_groups_header) {
      upstream.setHeader(header, utf8ToBytes(groups.length === 1 ? groups[0]! : groups.join(', ')));
    }
    return undefined;
  }

  function isListed(groups: readonly string[]): boolean {
    for (const group of groups) if (listed.has(group)) return true;
    return false;
  }

  return {
    access(exchange) {
      const { client, shared, upstream } = exchange;
      const { consumer, credential } = client;
      const told = shared.get(authenticatedGroups);
      // The plugin that told the groups may have told them to the upstream too.
      if (hide_groups_header && told !== undefined) upstream.removeHeader('X-Authenticated-Groups');
      const nobody = credential === undefined ? unknown : refused;
      if (consumer === undefined) {
        return told === undefined ? nobody : decide(exchange, told, 'X-Authenticated-Groups');
      }
      if (told !== undefined && (credential === undefined || always_use_authenticated_groups)) {
        return decide(exchange, told, 'X-Authenticated-Groups');
      }
      const groups = groupsOf(consumer.id);
      if (groups.length === 0 && !isDenying) return nobody;
      return decide(exchange, groups, 'X-Consumer-Groups');
    },
  };
}
