// Every command explains itself and stays small.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from '@oclif/core';

const folder = fileURLToPath(new URL('../../src/commands/', import.meta.url));
const OURS = ['apply', 'diff', 'dump', 'ping', 'reset', 'sync', 'validate'];

describe('commands', () => {
  for (const name of OURS) {
    it(`${name} has a summary, a description, examples, and a gateway alias`, async () => {
      const { default: command } = (await import(`${folder}${name}.ts`)) as { default: typeof Command };
      assert.ok(command.summary && command.description && command.examples.length > 0);
      const own = existsSync(`${folder}gateway/${name}.ts`);
      assert.ok(own || command.aliases.includes(`gateway:${name}`));
      for (const [flag, definition] of Object.entries(command.flags ?? {})) assert.ok(definition.description, flag);
    });
  }

  it('are at most 80 lines long', () => {
    for (const file of readdirSync(folder).filter((item) => OURS.includes(item.replace('.ts', '')))) {
      assert.ok(readFileSync(folder + file, 'utf8').split('\n').length <= 81, file);
    }
  });
});
