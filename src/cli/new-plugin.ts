// The plugin that `gwctl plugin new` writes: small, whole, tested.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GwctlError } from '../lib/errors.ts';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Writes the files; answers their paths. */
export function writePlugin(name: string, directory: string): string[] {
  if (!NAME.test(name)) {
    throw new GwctlError('E_USAGE', `'${name}' is no name for a plugin`, {
      hint: 'Use lower-case words joined by dashes, such as my-plugin.',
    });
  }
  const files = Object.entries(filesOf(name)).map(([file, text]) => ({ path: join(directory, file), text }));
  const taken = files.find(({ path }) => existsSync(path));
  if (taken !== undefined) {
    throw new GwctlError('E_USAGE', `${taken.path} is there already`, { hint: 'Choose another --dir, or remove it.' });
  }
  mkdirSync(directory, { recursive: true });
  for (const { path, text } of files) writeFileSync(path, text);
  return files.map(({ path }) => path);
}

const filesOf = (name: string): Record<string, string> => ({
  'index.ts': `// ${name}: what it is, and where it stands in the order. The gateway loads the handler only where it serves requests.
import { definePlugin } from 'gwctl/plugin';
import { schema } from './schema.ts';

export default definePlugin({
  name: '${name}',
  priority: 1000,
  version: '0.1.0',
  schema,
  handler: () => import('./handler.ts'),
});
`,
  'schema.ts': `// The configuration of ${name}. Defaults, validation, the Admin API and the reference follow from it.
export const schema = {
  fields: {
    config: {
      type: 'record',
      required: true,
      fields: {
        header: {
          type: 'string',
          required: true,
          default: 'X-Hello',
          description: 'Header that the answer gets.',
        },
        message: { type: 'string', required: true, description: 'What the header says.' },
      },
    },
  },
} as const;
`,
  'handler.ts': `// ${name} at work. \`create\` runs once for each configured instance; what it prepares there costs a request nothing.
import type { Environment, Phases, PluginConfig } from 'gwctl/plugin';
import type { schema } from './schema.ts';

export function create(config: PluginConfig<typeof schema>, _environment: Environment): Phases {
  const { header, message } = config;
  return {
    header_filter({ response }) {
      response.setHeader(header, message);
    },
  };
}
`,
  [`${name}.test.ts`]: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from 'gwctl/plugin/testing';
import plugin from './index.ts';

test('answers say hello', async () => {
  const gateway = await startTestGateway({ plugin, config: { message: 'world' } });
  try {
    const answer = await gateway.send('/');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['x-hello'], 'world');
  } finally {
    await gateway.close();
  }
});
`,
  'README.md': `# ${name}

Puts a header on every answer.

\`\`\`yaml
_format_version: "3.0"
plugins:
  - name: ${name}
    config:
      message: world
\`\`\`

- \`gwctl plugin test .\` runs its tests.
- \`gwctl serve gateway.yaml --plugins bundled,./${name}\` runs a gateway with it.
`,
});
