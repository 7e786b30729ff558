// The schemas that the tests of this folder share: the core entities and the bundled plugins.
import { createSchemas } from '../../src/entities/registry.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';

export const schemas = createSchemas(pluginSchemas);
