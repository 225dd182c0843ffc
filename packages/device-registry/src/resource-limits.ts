import type { ResourceLimits } from '@rollcall/core/registry';

/** As Eclipse Hono calls the limits of a tenant, in a registry file and in the answer of a service. */
export interface WrittenLimits {
  readonly 'max-connections'?: number | undefined;
  readonly 'max-ttl'?: number | undefined;
  readonly 'max-ttl-telemetry-qos0'?: number | undefined;
  readonly 'max-ttl-telemetry-qos1'?: number | undefined;
}

/** -1 stands for "unlimited", as in Hono. */
const unlimited = -1;

export function resourceLimits(written: WrittenLimits): ResourceLimits {
  const entries = [
    ['maxConnections', written['max-connections']],
    ['maxTtlSeconds', written['max-ttl']],
    ['maxTtlTelemetryQos0Seconds', written['max-ttl-telemetry-qos0']],
    ['maxTtlTelemetryQos1Seconds', written['max-ttl-telemetry-qos1']],
  ] as const;
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== unlimited));
}
