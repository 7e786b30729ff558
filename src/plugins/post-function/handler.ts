// post-function at work: what it shares with its sibling is all of it but the place in the order.
import type { Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { createFunctionPhases } from '../shared/functions/phases.ts';
import type { schema } from './schema.ts';

export const create = (config: PluginConfig<typeof schema>, environment: Environment): Phases =>
  createFunctionPhases('post-function', config, environment);
