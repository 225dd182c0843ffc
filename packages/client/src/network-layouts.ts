import type { TerminusOptions } from '@rollcall/amqp-connection/links';

/** Networks whose addresses are known: those of `ROLLCALL_MESSAGING_NETWORK`. */
export type EventNetwork = 'hono' | 'artemis' | 'rabbitmq-3' | 'rabbitmq-4' | 'activemq-classic';

interface Wish {
  /** Events of all tenants, and not of one. */
  readonly all: boolean;
  /** Which kind of consumer gets them: one of several that share a queue, an application that comes back, or a consumer that does not. */
  readonly owner: 'shared' | 'application' | 'temporary';
}

/** A template of an address, or why there is none. */
type Place = { readonly address: string; readonly terminus?: TerminusOptions } | { readonly refusal: string };

/** Where a network keeps connection events, as its preset for adapters sends them. */
export interface NetworkLayout {
  place(wish: Wish): Place;
  /** Requirements for the source, unless the place has its own. */
  readonly terminus: TerminusOptions;
  /** What a tenant's id must not contain, since it would have another meaning in the address. */
  readonly notInTenants: RegExp;
  readonly ownSession: boolean;
}

const never = /(?!)/;

/** For Eclipse Hono, and for the embedded network. */
const hono: NetworkLayout = {
  place({ all, owner }) {
    const tenant = all ? '#' : '{tenant}';
    return { address: owner === 'shared' ? `event/${tenant}` : `event/${tenant}::{name}` };
  },
  terminus: {},
  notInTenants: /::|\/|^#$/,
  ownSession: false,
};

const artemis: NetworkLayout = {
  place({ all, owner }) {
    const tenant = all ? '#' : '{tenant}';
    // Subscriptions need multicast addresses: the queues of an anycast address share its messages.
    const terminus = { capabilities: ['topic'] };
    if (owner === 'application') return { address: `event/${tenant}::{name}`, terminus };
    if (owner === 'temporary') return { address: `event/${tenant}`, terminus };
    if (!all) return { address: 'event/{tenant}' };
    return { refusal: 'the events of all tenants need a subscription: give application, or temporary' };
  },
  terminus: { capabilities: ['queue'] },
  notInTenants: /::|[*#]/,
  ownSession: false,
};

function rabbitmq(queue: string, existing: string, terminus: TerminusOptions): NetworkLayout {
  return {
    place({ all, owner }) {
      if (owner === 'temporary')
        return {
          refusal:
            'a subscription that goes with its consumer cannot be asked for: declare a queue that expires, bind it to the exchange of the events, and give its name as application, with tenants all',
        };
      if (all && owner === 'application') return { address: existing };
      if (!all && owner === 'shared') return { address: queue };
      return {
        refusal: all
          ? 'queues have no wildcards: bind a queue to the exchange of the events with the key #, and give its name as application'
          : 'a queue of an application has the events that it is bound for: ask for tenants all',
      };
    },
    terminus,
    notInTenants: never,
    ownSession: true,
  };
}

const activemqClassic: NetworkLayout = {
  place({ all, owner }) {
    const tenant = all ? '>' : '{tenant}';
    if (owner === 'shared') return { address: `queue://event.${tenant}` };
    // These need adapters that send to virtual topics.
    if (owner === 'temporary') return { address: `topic://VirtualTopic.event.${tenant}` };
    if (!all) return { address: 'queue://Consumer.{name}.VirtualTopic.event.{tenant}' };
    return { refusal: 'an application has a queue for each tenant: name the tenants' };
  },
  terminus: {},
  notInTenants: /[,*>?]/,
  ownSession: false,
};

/** By network; `docs/messaging-networks.md` has the reasons. */
export const networkLayouts: Readonly<Record<EventNetwork, NetworkLayout>> = {
  hono,
  artemis,
  // This address takes the name of an existing queue without encoding.
  'rabbitmq-3': rabbitmq('/queue/event%2F{tenant:pct}', '/amq/queue/{name}', { durable: 2 }),
  'rabbitmq-4': rabbitmq('/queues/event%2F{tenant:pct}', '/queues/{name:pct}', {}),
  'activemq-classic': activemqClassic,
};
