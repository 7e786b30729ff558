// The bundled plugins, one line each. Handlers load when the gateway starts; this list costs only names and schemas.
import type { PluginDefinition } from '../pdk/index.ts';
import { cors } from './cors/index.ts';
import { fileLog } from './file-log/index.ts';
import { keyAuth } from './key-auth/index.ts';
import { rateLimiting } from './rate-limiting/index.ts';
import { requestTransformer } from './request-transformer/index.ts';

export const bundledPlugins: readonly PluginDefinition[] = [cors, fileLog, keyAuth, rateLimiting, requestTransformer];
