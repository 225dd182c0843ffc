import type { ResourceLimits } from '@rollcall/core/registry';

interface Requested {
  readonly endpoint: 'telemetry' | 'event';
  readonly qos: 0 | 1;
  /** Seconds, as the device asked; events only. */
  readonly ttlSeconds?: number;
}

interface TtlDefaults {
  readonly ttlSeconds?: number;
  readonly ttlTelemetryQos0Seconds?: number;
  readonly ttlTelemetryQos1Seconds?: number;
}

/**
 * How long the network may keep a message, in seconds; `undefined` without limit. A tenant's maximum also holds
 * where nothing was asked for (`docs/hono-compatibility.md` §3).
 */
export function timeToLiveSeconds(
  message: Requested,
  defaults: TtlDefaults,
  limits: ResourceLimits,
): number | undefined {
  const [requested, maximum] =
    message.endpoint === 'event'
      ? [message.ttlSeconds ?? defaults.ttlSeconds, limits.maxTtlSeconds]
      : message.qos === 0
        ? [defaults.ttlSeconds ?? defaults.ttlTelemetryQos0Seconds, limits.maxTtlTelemetryQos0Seconds]
        : [defaults.ttlSeconds ?? defaults.ttlTelemetryQos1Seconds, limits.maxTtlTelemetryQos1Seconds];
  if (maximum === undefined) return requested === -1 ? undefined : requested;
  return requested === undefined || requested === -1 ? maximum : Math.min(requested, maximum);
}
