import type { Liveness } from '@rollcall/presence';

/** How the operating system's probes notice a dead peer: after a minute of silence, ten probes a second apart. */
export const tcpKeepAliveDelayMs = 60_000;
const tcpKeepAliveDetectsMs = tcpKeepAliveDelayMs + 10_000;

export interface KeepAlive {
  readonly liveness: Liveness;
  /** Seconds that the server imposes instead of what the device asked for (MQTT 5.0 §3.2.2.3.14). */
  readonly serverKeepAliveSeconds?: number;
}

/**
 * How silence of a device is noticed: after one and a half times its keep-alive [MQTT-3.1.2-22]. A device without
 * keep-alive, and in MQTT 5.0 one with a longer keep-alive than the limit, is bound by `idleLimitMs`; 0 leaves the
 * former to TCP's own keep-alive.
 */
export function keepAliveFor(version: number, keepAliveSeconds: number, idleLimitMs: number): KeepAlive {
  const limitSeconds = Math.min(65_535, Math.floor(idleLimitMs / 1_500));
  const unbounded = keepAliveSeconds === 0 || keepAliveSeconds > limitSeconds;
  if (version === 5 && limitSeconds > 0 && unbounded)
    return { liveness: silence(limitSeconds * 1_500), serverKeepAliveSeconds: limitSeconds };
  if (keepAliveSeconds > 0) return { liveness: silence(keepAliveSeconds * 1_500) };
  if (idleLimitMs > 0) return { liveness: silence(idleLimitMs) };
  return { liveness: { maxSilenceMs: undefined, detectWithinMs: tcpKeepAliveDetectsMs } };
}

function silence(maxSilenceMs: number): Liveness {
  return { maxSilenceMs, detectWithinMs: maxSilenceMs };
}
