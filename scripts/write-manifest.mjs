// Writes oclif.manifest.json from the built commands, so that starting up reads one file instead of importing them all.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
const { manifest } = plugin;
if (Object.keys(manifest.commands).length === 0) throw new Error('no commands in dist/: run tsc first');
await writeFile(join(root, 'oclif.manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
