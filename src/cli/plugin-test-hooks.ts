// Loaded before the tests of a plugin: its imports of the interface mean this installation.
import { resolvePluginImports } from './plugin-imports.ts';

resolvePluginImports();
