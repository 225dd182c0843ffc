import type { NetworkChoice, NetworkName } from '@rollcall/amqp-sender';
import type { ConsumeOptions } from '@rollcall/client';

/** What is watched on a network. */
export interface Watched {
  readonly tenants: readonly string[];
  /** An address that replaces the usual one of the network and the tenant. */
  readonly address?: string | undefined;
  /** An existing queue that replaces a subscription. */
  readonly queue?: string | undefined;
  /** Whether messages that are not connection events are taken out of the queue: no one else wants them. */
  readonly dropOthers?: boolean | undefined;
}

type Source = Pick<
  ConsumeOptions,
  'tenants' | 'network' | 'address' | 'source' | 'temporary' | 'maxTries' | 'onOther'
>;

/** A source that leaves nothing behind on the network. `shared`: others may receive from it too. */
export type WatchedSource =
  | { readonly source: Source; readonly shared: boolean }
  | { readonly problem: string };

const queueAddresses: Partial<Record<NetworkName, (name: string) => string>> = {
  // `/queue/…` would create a missing queue, and is refused when the existing one has another durability.
  'rabbitmq-3': (name) => `/amq/queue/${encodeURIComponent(name)}`,
  'rabbitmq-4': (name) => `/queues/${encodeURIComponent(name)}`,
  'activemq-classic': (name) => `queue://${name}`,
};

/** Chooses a source of events for a consumer that only looks. */
export function watchedSource(
  { name: network, eventCapabilities, eventAddress }: NetworkChoice,
  { tenants, address, queue, dropOthers = false }: Watched,
): WatchedSource {
  if (queue !== undefined) {
    const toAddress = queueAddresses[network];
    return toAddress
      ? { ...existing(toAddress(queue)), shared: !dropOthers }
      : { problem: `${network} has subscriptions: --queue is for ${Object.keys(queueAddresses).join(', ')}` };
  }
  if (address !== undefined) return fromAddress(address, tenants, !dropOthers);
  if (network === 'rabbitmq-3' || network === 'rabbitmq-4')
    return {
      problem: `${network} has no subscriptions that end by themselves: declare a queue with auto_delete, bind it to the exchange of the events, and name it with --queue (docs/messaging-networks.md)`,
    };
  // If a subscription is the first to use an address, Artemis makes it multicast: events that adapters send are then in no queue.
  if (network === 'artemis' && !eventCapabilities?.includes('topic'))
    return {
      problem: `artemis: a queue gives each event to one consumer; to watch, adapters need multicast addresses, and ROLLCALL_MESSAGING_EVENTCAPABILITIES=topic, there and here (docs/messaging-networks.md)`,
    };
  // Without virtual topics, nothing would be sent to the subscription.
  if (network === 'activemq-classic' && !eventAddress?.startsWith('topic://VirtualTopic.'))
    return {
      problem: `activemq-classic: a queue gives each event to one consumer; to watch, adapters need virtual topics, and ROLLCALL_MESSAGING_EVENTADDRESS=topic://VirtualTopic.event.{tenant}, there and here (docs/messaging-networks.md)`,
    };
  return { source: { tenants, network, temporary: true }, shared: false };
}

function fromAddress(address: string, tenants: readonly string[], shared: boolean): WatchedSource {
  // For each link to such an address RabbitMQ makes a queue, and never removes it.
  if (/^\/(?:exchange|topic|temp-queue|reply-queue)\//.test(address))
    return {
      problem: `${address} makes a queue that stays and fills: declare one, and name it with --queue`,
    };
  const { source } = existing(address.replace(/^\/queue\//, '/amq/queue/'));
  return { source: { ...source, tenants }, shared };
}

function existing(address: string): { readonly source: Source } {
  return { source: { address, temporary: true, maxTries: Infinity, source: {} } };
}
