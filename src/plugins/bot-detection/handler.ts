// bot-detection at work: the first expression that matches the User-Agent decides – allow, deny, then the known bots. The
// same few agents come again and again, so their verdicts are kept.
import { compilePattern } from '../../lib/regex.ts';
import { type Environment, error, type Phases, type PluginConfig } from '../../pdk/index.ts';
import { knownBots } from './known-bots.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const MAX_VERDICTS = 10_000;
/** Of a longer text the beginning decides: expressions never meet more than this of what a client sends. */
const MAX_AGENT = 512;

const REPEATED = error(400, 'Only one User-Agent header allowed');
const REFUSED = error(403, 'Forbidden');

export function create(config: Config, _environment: Environment): Phases {
  const isRefused = remembering(judge(config));
  return {
    access({ request }) {
      const agents = request.headerValues('user-agent');
      const [agent] = agents;
      if (agent === undefined) return undefined;
      if (agents.length > 1) return REPEATED;
      return isRefused(agent.length > MAX_AGENT ? agent.slice(0, MAX_AGENT) : agent) ? REFUSED : undefined;
    },
  };
}

type Judge = (agent: string) => boolean;

function judge(config: Config): Judge {
  const allow = (config.allow ?? []).map(compile);
  const deny = (config.deny ?? []).map(compile);
  const known = knownBots();
  return (agent) => {
    const text = agent.trim();
    if (text === '' || allow.some((regex) => regex.test(text))) return false;
    return deny.some((regex) => regex.test(text)) || known.test(text);
  };
}

function compile(pattern: string): RegExp {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(`'${pattern}' is not a valid regex: ${compiled.reason}`);
  return compiled.regex;
}

/** Forgets the older half when it is full: two maps, of which the younger one is asked first. */
function remembering(decide: Judge): Judge {
  let young = new Map<string, boolean>();
  let old = new Map<string, boolean>();
  return (agent) => {
    const kept = young.get(agent);
    if (kept !== undefined) return kept;
    const verdict = old.get(agent) ?? decide(agent);
    if (young.size >= MAX_VERDICTS / 2) {
      old = young;
      young = new Map();
    }
    young.set(agent, verdict);
    return verdict;
  };
}
