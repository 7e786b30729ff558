// `/config`: the whole configuration as one piece, where no database keeps entities.
import { exportEntities, exportText } from '../declarative/export.ts';
import { readConfiguration } from '../declarative/read.ts';
import { created, message, ok, type Reply } from '../reply.ts';
import type { SpecialRequest, SpecialRoute } from '../special.ts';

export const configRoutes: readonly SpecialRoute[] = [
  {
    path: ['config'],
    methods: { GET: read, POST: load },
    takes: 'any document',
    isReadApart: true,
    describes: {
      GET: 'The configuration as the text of a declarative file',
      POST: 'Put a declarative configuration in place of the current one',
    },
  },
];

const needsNoDatabase = message(400, 'this endpoint is only available when Kong is configured to not use a database');

async function read({ store }: SpecialRequest): Promise<Reply> {
  return store.kind === 'declarative' ? ok({ config: await exportText(store.state) }) : needsNoDatabase;
}

async function load({ store, body, text, query, auto, parse }: SpecialRequest): Promise<Reply> {
  if (store.kind !== 'declarative') return needsNoDatabase;
  const { configurationHash: knownHash } = store;
  const configuration = await readConfiguration(
    { body, text, query, knownHash },
    { schemas: store.state.schemas, auto, parse },
  );
  if (!configuration.ok) return configuration.reply;
  await store.replace(configuration.state, configuration.hash);
  return created(exportEntities(store.state));
}
