// Counts and measures connections that were passed through as they are, when they are over.
import type { Clock, PluginConfig, StreamLogExchange } from '../../pdk/index.ts';
import { type Families, labelsOf, WORKSPACE } from './families.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const PASSED = 200;

export function createSessionRecorder(config: Config, families: Families, clock: Clock) {
  return ({ route, service, status, bytes, connection }: StreamLogExchange): void => {
    if (route === undefined) return;
    const labels = labelsOf(route, service);
    if (config.status_code_metrics === true) {
      const source = status === PASSED ? 'service' : 'kong';
      families.sessions.series(...labels, String(status), source, WORKSPACE).add(1);
    }
    if (config.bandwidth_metrics === true) {
      families.bandwidth.series(...labels, 'ingress', WORKSPACE, '').add(bytes.received);
      families.bandwidth.series(...labels, 'egress', WORKSPACE, '').add(bytes.sent);
    }
    if (config.latency_metrics === true) {
      families.sessionDuration.series(...labels, WORKSPACE).observe(clock.now() - connection.startedAt);
    }
  };
}
