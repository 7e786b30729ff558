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

/** Decides whether traces are sent: what `x-decide` says in `access`, what `x-decide-late` says in `header_filter`. */
export const deciding = (priority: number) =>
  definePlugin({
    name: 'deciding',
    priority,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({
      create: () => ({
        access({ request, tracing }) {
          const decision = request.header('x-decide');
          if (decision !== undefined) tracing.setSampled(decision === 'yes');
        },
        header_filter({ request, tracing }) {
          const decision = request.header('x-decide-late');
          if (decision !== undefined) tracing.setSampled(decision === 'yes');
        },
      }),
    }),
  });
