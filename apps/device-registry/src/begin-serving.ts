import type { ResourceStack } from '@rollcall/runtime';
import { filesOfSecrets } from '@rollcall/options/module';
import { hasAmqpPort } from './amqp/amqp-options.ts';
import { startAmqpServices, type AmqpServicesParts } from './amqp/start-amqp-services.ts';
import type { RegistryConfig } from './config.ts';
import type { Notifier } from './notifications/notifier.ts';
import { openMessaging, type RegistryMessaging } from './notifications/open-messaging.ts';
import { isId } from './names/is-id.ts';
import { createCertificateProvisioning } from './provisioning/certificate-provisioning.ts';
import { createEdgeProvisioning } from './provisioning/edge-provisioning.ts';
import { noProvisioning } from './provisioning/no-provisioning.ts';
import { ProvisioningNotifier } from './provisioning/provisioning-notifier.ts';
import type { ChangeOutbox } from './store/change-outbox.ts';
import type { RegistryStore } from './store/registry-store.ts';

export interface ServingParts extends Omit<AmqpServicesParts, 'values' | 'store' | 'provisioning'> {
  readonly config: RegistryConfig;
  readonly store: RegistryStore;
}

export interface Serving {
  /** Ports of the AMQP services, by scheme. */
  readonly ports: Readonly<Record<string, number>>;
  /** Sends notifications of changes; `undefined`: none are sent. */
  readonly notifier: Notifier | undefined;
}

/**
 * Starts the parts for adapters: the services, and the notifications of changes. All that it has started is in `resources`.
 *
 * @throws ConfigError, TransportError
 */
export async function beginServing(parts: ServingParts, resources: ResourceStack): Promise<Serving> {
  const { config, log } = parts;
  const { values } = config;
  const { outbox } = parts.store;
  const messaging = outbox && tellChanges({ ...parts, outbox }, resources);
  if (!messaging)
    log.info(
      {},
      'no messaging network: adapters are not notified of changes, and no device registers itself',
    );
  const notifier = messaging?.notifier;
  if (!hasAmqpPort(values)) return { ports: {}, notifier };
  const listening = await startAmqpServices(
    { ...parts, values, provisioning: provisioningOf(parts, messaging) },
    resources,
  );
  return { ports: Object.fromEntries(listening.map(({ scheme, port }) => [scheme, port])), notifier };
}

function tellChanges(
  parts: ServingParts & { readonly outbox: ChangeOutbox },
  resources: ResourceStack,
): RegistryMessaging {
  const { config, store, metrics } = parts;
  const { values, effective } = config;
  const messaging = openMessaging({ ...parts, values, fileOf: filesOfSecrets(effective) }, resources);
  const { notifier } = messaging;
  resources.defer(store.onChange(({ change }) => notifier.changed(change)));
  metrics.counter(
    { name: 'rollcall_registry_notifications_sent_total', help: 'Changes whose notifications were sent' },
    () => notifier.counts.sent,
  );
  metrics.counter(
    {
      name: 'rollcall_registry_notifications_dropped_total',
      help: 'Changes whose notifications were dropped',
    },
    () => notifier.counts.dropped,
  );
  metrics.gauge(
    { name: 'rollcall_registry_notifications_waiting', help: 'Changes whose notifications are not sent yet' },
    () => notifier.counts.waiting,
  );
  metrics.gauge(
    {
      name: 'rollcall_registry_notifications_connected',
      help: 'Whether changes can be sent to the messaging network',
    },
    () => (notifier.trouble === undefined ? 1 : 0),
  );
  return messaging;
}

function provisioningOf(
  { config, store, clock, random }: ServingParts,
  messaging: RegistryMessaging | undefined,
): AmqpServicesParts['provisioning'] {
  if (!messaging) return noProvisioning;
  const notifier = new ProvisioningNotifier({ store, sender: messaging.sender, clock, random });
  const isDeviceId = (id: string): boolean => isId(id, config.values.deviceIdPattern);
  const options = { store, notifier, clock, isDeviceId };
  return { edge: createEdgeProvisioning(options), certificate: createCertificateProvisioning(options) };
}
