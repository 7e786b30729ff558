// What a serving node makes its schemas for: one without a database offers less. The same in all of its processes.
import type { Config } from '../config/load.ts';
import type { SchemaUse } from '../entities/registry.ts';

export const schemaUse = ({ database }: Pick<Config, 'database'>): SchemaUse =>
  database === 'off' ? 'serving without a database' : 'serving';
