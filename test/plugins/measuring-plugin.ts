// A plugin of the tests that measures what it does.
import { definePlugin } from '../../src/pdk/index.ts';

/** In `access` it begins `look up` with `ask` in it, which fails; `never finished` is begun and left. */
export const measuring = definePlugin({
  name: 'measuring',
  priority: 5,
  version: '1.0.0',
  schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
  handler: async () => ({
    create: () => ({
      async access({ tracing }) {
        const lookUp = tracing.startSpan('look up', { attributes: { 'look.for': 'bob' } });
        const ask = lookUp.startSpan('ask', { kind: 'client' });
        await new Promise((resolve) => setTimeout(resolve, 20));
        ask.recordError(new Error('nobody there'));
        ask.finish();
        lookUp.setAttribute('look.found', false);
        lookUp.addEvent('gave up');
        lookUp.finish();
        tracing.startSpan('never finished');
      },
    }),
  }),
});
