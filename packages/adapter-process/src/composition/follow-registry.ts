import type { DeviceRegistry } from '@rollcall/core/registry';
import { AccessBook } from '@rollcall/access/internal';
import { watchRegistry } from '@rollcall/presence/internal';
import type { AdapterContext } from './adapter-context.ts';
import type { ResourceStack } from '@rollcall/runtime';

/** The device registry, and what ends because of it. */
export interface FollowedRegistry {
  /** Answers as the registry does. */
  readonly registry: DeviceRegistry;
  readonly access: AccessBook;
  /** Calls `changed` whenever devices cannot be looked up any more, or can again, and at once where they cannot. One listener. */
  onAvailability(changed: (available: boolean) => void): void;
  /** Stops following it: no connection ends because of it any more. */
  stop(): void;
}

export function followRegistry(
  inner: DeviceRegistry,
  { adapter, clock, log, failed, observer }: AdapterContext,
  resources: ResourceStack,
): FollowedRegistry {
  let changed = (_available: boolean): void => {};
  let isAvailable = true;
  const watched = watchRegistry(inner, clock, (available) => {
    isAvailable = available;
    log.warn({}, available ? 'device registry is back' : 'device registry is away: lease clocks stand still');
    changed(available);
  });
  const { registry } = watched;
  const access = new AccessBook({
    registry,
    clock,
    log,
    failed,
    adapterType: adapter.type,
    ...(adapter.credentialsTypes && { credentialsTypes: adapter.credentialsTypes }),
  });
  const stop = (): void => {
    access.stop();
    watched.stop();
  };
  resources.defer(stop);
  const { state, services } = inner;
  if (state) observer.watch('registry', { state: state.bind(inner) });
  if (services) observer.watch('registry-services', { services: services.bind(inner) });
  return {
    registry,
    access,
    onAvailability(listener) {
      changed = listener;
      if (!isAvailable) listener(false);
    },
    stop,
  };
}
