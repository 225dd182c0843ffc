import { later, type Clock } from '@rollcall/core/environment';
import type { Answer, AssertionAnswer, DeviceRegistry } from '@rollcall/core/registry';

const probeEveryMs = 1_000;

export interface WatchedRegistry {
  /** The registry, watched: it gives the same answers. */
  readonly registry: DeviceRegistry;
  stop(): void;
}

/**
 * Reports whether devices can be served, as far as that depends on the registry: not while it is unavailable. A registry that does not
 * report this itself is then asked again and again, so that its return is noticed even if no device makes a request.
 */
export function watchRegistry(
  inner: DeviceRegistry,
  clock: Clock,
  availabilityChanged: (available: boolean) => void,
): WatchedRegistry {
  const { availability } = inner;
  if (!availability) return watchAnswers(inner, clock, availabilityChanged);
  const stop = availability.onChange(availabilityChanged);
  if (!availability.now()) availabilityChanged(false);
  return { registry: inner, stop };
}

function watchAnswers(
  inner: DeviceRegistry,
  clock: Clock,
  availabilityChanged: (available: boolean) => void,
): WatchedRegistry {
  let available = true;
  let stopped = false;
  let disarm = (): void => {};

  function observe<Answered extends Answer<unknown> | AssertionAnswer>(
    answer: Answered,
    probe: () => Promise<unknown>,
  ): Answered {
    if (answer.status === 'unavailable' && answer.onlyThis) return answer;
    const now = answer.status !== 'unavailable';
    if (now !== available && !stopped) {
      available = now;
      disarm();
      availabilityChanged(now);
    }
    if (!now) probeSoon(probe);
    return answer;
  }

  function probeSoon(probe: () => Promise<unknown>): void {
    disarm();
    if (stopped) return;
    disarm = clock.at(later(clock.monotonic(), probeEveryMs), () => {
      // A registry that threw is asked again.
      probe().catch(() => probeSoon(probe));
    });
  }

  const registry: DeviceRegistry = {
    getTenant: async (tenant) => observe(await inner.getTenant(tenant), () => registry.getTenant(tenant)),
    getTenantByName: async (name) =>
      observe(await inner.getTenantByName(name), () => registry.getTenantByName(name)),
    getTenantByTrustAnchor: async (subjectDn) =>
      observe(await inner.getTenantByTrustAnchor(subjectDn), () =>
        registry.getTenantByTrustAnchor(subjectDn),
      ),
    getCredentials: async (query) =>
      observe(await inner.getCredentials(query), () => registry.getTenant(query.tenant)),
    assertRegistration: async (device, gateway) =>
      observe(await inner.assertRegistration(device, gateway), () => registry.getTenant(device.tenant)),
    onChange: (listener) => inner.onChange(listener),
    ...(inner.tellsEveryChange && { tellsEveryChange: true }),
    close: () => inner.close(),
  };

  return {
    registry,
    stop() {
      stopped = true;
      disarm();
    },
  };
}
