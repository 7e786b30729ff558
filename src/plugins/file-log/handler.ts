// file-log at work. The gateway owns the files: they are shared by path, and what cannot be written is reported there and
// never delays or fails a request.
import type { Json } from '../../lib/json.ts';
import type { Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { evaluateSnippet } from '../shared/custom-fields.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, { files }: Environment): Phases {
  const { path } = config;
  const options = { reopen: config.reopen };
  const fields = customValues(config.custom_fields_by_lua);
  return {
    log(exchange) {
      for (const [key, value] of fields) exchange.setLogValue(key, value);
      files.append(path, `${exchange.logText()}\n`, options);
    },
  };
}

/** Throws for a snippet that the schema would have refused. */
function customValues(snippets: Readonly<Record<string, string>> | null): readonly [string, Json | undefined][] {
  return Object.entries(snippets ?? {}).map(([key, code]) => {
    const result = evaluateSnippet(code);
    if (!result.ok) throw new Error(`custom_fields_by_lua.${key}: ${result.reason}`);
    return [key, result.value];
  });
}
