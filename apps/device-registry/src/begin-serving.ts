import type { ResourceStack } from '@rollcall/runtime';
import { filesOfSecrets } from '@rollcall/options/module';
import { hasAmqpPort } from './amqp/amqp-options.ts';
import { startAmqpServices, type AmqpServicesParts } from './amqp/start-amqp-services.ts';
import type { RegistryConfig } from './config.ts';
import { openMessaging, type RegistryMessaging } from './notifications/open-messaging.ts';
import { isId } from './names/is-id.ts';
import { createCertificateProvisioning } from './provisioning/certificate-provisioning.ts';
import { createEdgeProvisioning } from './provisioning/edge-provisioning.ts';
import { noProvisioning } from './provisioning/no-provisioning.ts';
import { ProvisioningNews } from './provisioning/provisioning-news.ts';
import type { RegistryStore } from './store/registry-store.ts';

export interface ServingParts extends Omit<AmqpServicesParts, 'values' | 'store' | 'provisioning'> {
  readonly config: RegistryConfig;
  readonly store: RegistryStore;
}

/**
 * What adapters have of the registry: its services, and its changes. What was begun is in `resources`.
 *
 * @returns ports of the AMQP services, by scheme.
 * @throws ConfigError, TransportError
 */
export async function beginServing(
  parts: ServingParts,
  resources: ResourceStack,
): Promise<Readonly<Record<string, number>>> {
  const { config, log } = parts;
  const { values } = config;
  const messaging = values.host === undefined ? undefined : tellChanges(parts, resources);
  if (!messaging)
    log.info({}, 'no messaging network: adapters are not told of changes, and no device registers itself');
  if (!hasAmqpPort(values)) return {};
  const listening = await startAmqpServices(
    { ...parts, values, provisioning: provisioningOf(parts, messaging) },
    resources,
  );
  return Object.fromEntries(listening.map(({ scheme, port }) => [scheme, port]));
}

function tellChanges(parts: ServingParts, resources: ResourceStack): RegistryMessaging {
  const { config, store, metrics } = parts;
  const { values, effective } = config;
  const messaging = openMessaging({ ...parts, values, fileOf: filesOfSecrets(effective) }, resources);
  const { notifier } = messaging;
  // Of several replicas, the one that made a change tells of it.
  resources.defer(
    store.onChange(({ change, isOurs }) => {
      if (isOurs) notifier.publish(change);
    }),
  );
  const count = (name: 'sent' | 'dropped', help: string): void =>
    metrics.counter(
      { name: `rollcall_registry_notifications_${name}_total`, help },
      () => notifier.counts[name],
    );
  count('sent', 'Changes that adapters were told of');
  count('dropped', 'Changes that could not be told');
  metrics.gauge(
    { name: 'rollcall_registry_notifications_waiting', help: 'Changes that are still to be told' },
    () => notifier.counts.waiting,
  );
  return messaging;
}

function provisioningOf(
  { config, store, clock, random }: ServingParts,
  messaging: RegistryMessaging | undefined,
): AmqpServicesParts['provisioning'] {
  if (!messaging) return noProvisioning;
  const news = new ProvisioningNews({ store, sender: messaging.sender, clock, random });
  const isDeviceId = (id: string): boolean => isId(id, config.values.deviceIdPattern);
  const options = { store, news, clock, isDeviceId };
  return { edge: createEdgeProvisioning(options), certificate: createCertificateProvisioning(options) };
}
