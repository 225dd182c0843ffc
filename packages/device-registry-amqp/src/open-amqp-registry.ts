import { sleep, type Clock, type Log } from '@rollcall/core/environment';
import type {
  ChangeNotifications,
  Credentials,
  DeviceRegistry,
  IdentifierRule,
  Registration,
  Tenant,
} from '@rollcall/core/registry';
import { AmqpRegistry } from './amqp-registry.ts';
import { ServiceClient } from './asking/service-client.ts';
import { ChangeListeners } from './changes/change-listeners.ts';
import { HeardChanges } from './changes/heard-changes.ts';
import { KeptLookups } from './kept/kept-lookups.ts';
import { serviceNames, type ServiceName } from './module/registry-options.ts';
import type { ServiceSettings } from './module/service-settings.ts';
import { ServiceAvailability } from './service-availability.ts';

export interface AmqpRegistryOptions {
  readonly services: Readonly<Record<ServiceName, ServiceSettings>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tenantRules: readonly IdentifierRule[];
  readonly notifications: ChangeNotifications | undefined;
}

/** Default of `connectTimeoutMs`. */
const connectTimeoutMs = 5_000;

/**
 * Connects to the services. A start waits for them, but not for longer than a connect may take: an adapter whose registry is away starts,
 * and lets devices in when it is back.
 */
export async function openAmqpRegistry(options: AmqpRegistryOptions): Promise<DeviceRegistry> {
  const { services, clock, log, tenantRules, notifications } = options;
  const availability = new ServiceAvailability(serviceNames);
  const clientOf = (name: ServiceName): ServiceClient =>
    new ServiceClient(name, services[name], clock, (reachable) => availability.set(name, reachable));
  const clients = {
    tenant: clientOf('tenant'),
    registration: clientOf('registration'),
    credentials: clientOf('credentials'),
  };
  const lookups = <Value>(name: ServiceName): KeptLookups<Value> =>
    new KeptLookups<Value>(clients[name], clock, services[name]);
  const listeners = new ChangeListeners(log);
  const registry = new AmqpRegistry({
    tenants: lookups<Tenant>('tenant'),
    registrations: lookups<Registration>('registration'),
    credentials: lookups<Credentials>('credentials'),
    listeners,
    availability,
    clock,
    log,
    tenantRules,
    hearsChanges: () => changes.hears,
    async close() {
      await changes.stop();
      await Promise.all(Object.values(clients).map((client) => client.close()));
    },
  });
  const keepSeconds = Math.max(1, ...serviceNames.map((name) => services[name].keepSeconds));
  const changes: HeardChanges = new HeardChanges({
    notifications,
    clock,
    log,
    doubtEveryMs: keepSeconds * 1_000,
    changed: (notification) => registry.changed(notification),
    heardAgain: () => registry.doubtEverything(),
    stillDeaf: () => registry.reviewEverything(),
  });
  await connected(Object.values(clients), services, clock);
  return registry;
}

async function connected(
  clients: readonly ServiceClient[],
  services: AmqpRegistryOptions['services'],
  clock: Clock,
): Promise<void> {
  const waits = Object.values(services).map(
    ({ connection }) => connection.connectTimeoutMs ?? connectTimeoutMs,
  );
  const over = new AbortController();
  const all = Promise.allSettled(clients.map((client) => client.whenConnected(over.signal)));
  await Promise.race([all, sleep(clock, Math.max(...waits), over.signal)]);
  over.abort();
}
