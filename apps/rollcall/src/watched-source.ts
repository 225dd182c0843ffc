import type { NetworkChoice, NetworkName } from '@rollcall/amqp-sender';
import type { ConsumeOptions } from '@rollcall/client';

/** What of a network is watched. */
export interface Watched {
  readonly tenants: readonly string[];
  /** An address instead of the one that network and tenant make. */
  readonly address?: string | undefined;
  /** A queue that is there, instead of a subscription. */
  readonly queue?: string | undefined;
  /** Whether what is no connection event is taken out of the queue: nobody else wants it. */
  readonly dropOthers?: boolean | undefined;
}

type Source = Pick<
  ConsumeOptions,
  'tenants' | 'network' | 'address' | 'source' | 'temporary' | 'maxTries' | 'onOther'
>;

/** Where to receive, such that nothing stays behind. `shared`: others may receive from there too. */
export type WatchedSource =
  | { readonly source: Source; readonly shared: boolean }
  | { readonly problem: string };

const queueAddresses: Partial<Record<NetworkName, (name: string) => string>> = {
  // Not `/queue/…`: that makes one where there is none, and is refused where it is not as durable.
  'rabbitmq-3': (name) => `/amq/queue/${encodeURIComponent(name)}`,
  'rabbitmq-4': (name) => `/queues/${encodeURIComponent(name)}`,
  'activemq-classic': (name) => `queue://${name}`,
};

/** Chooses a source of events for somebody who only looks. */
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
  // An address that a subscription comes to first is made for subscriptions: what adapters send then is in no queue.
  if (network === 'artemis' && !eventCapabilities?.includes('topic'))
    return {
      problem: `artemis: a queue gives each event to one consumer; to watch, adapters need multicast addresses, and ROLLCALL_MESSAGING_EVENTCAPABILITIES=topic, there and here (docs/messaging-networks.md)`,
    };
  // Else nothing is ever sent to what is subscribed to.
  if (network === 'activemq-classic' && !eventAddress?.startsWith('topic://VirtualTopic.'))
    return {
      problem: `activemq-classic: a queue gives each event to one consumer; to watch, adapters need virtual topics, and ROLLCALL_MESSAGING_EVENTADDRESS=topic://VirtualTopic.event.{tenant}, there and here (docs/messaging-networks.md)`,
    };
  return { source: { tenants, network, temporary: true }, shared: false };
}

function fromAddress(address: string, tenants: readonly string[], shared: boolean): WatchedSource {
  // RabbitMQ makes a queue for each who asks for these, and never removes it.
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
