// `/metrics`, where the node measures something.
import { metricsReply } from '../metrics.ts';
import type { SpecialRoute } from '../special.ts';

export const metricsRoutes: readonly SpecialRoute[] = [
  {
    path: ['metrics'],
    methods: { GET: ({ node, store }) => metricsReply(node, store) },
    describes: { GET: 'What this node measures, in the text format of Prometheus' },
  },
];
