import type { NetworkName, NetworkOptions } from './messaging-network.ts';

const hono: NetworkOptions = {
  eventAddress: 'event/{tenant}',
  telemetryAddress: 'telemetry/{tenant}',
  eventCapabilities: [],
  telemetryCapabilities: [],
  targetDurability: 0,
  links: 'per-address',
  sessions: 'per-connection',
};

/** What each network needs; `docs/messaging-networks.md` has the reasons. */
export const networkPresets: Readonly<Record<NetworkName, NetworkOptions>> = {
  hono,
  // Otherwise its addresses are multicast, and it accepts but drops messages that come before the first consumer.
  artemis: { ...hono, eventCapabilities: ['queue'], telemetryCapabilities: ['queue'] },
  // A queue is as durable as the terminus that made it, and a slash in its name must be encoded.
  'rabbitmq-3': {
    ...hono,
    eventAddress: '/queue/event%2F{tenant:pct}',
    telemetryAddress: '/queue/telemetry%2F{tenant:pct}',
    targetDurability: 2,
    sessions: 'per-address',
  },
  'rabbitmq-4': {
    ...hono,
    eventAddress: '/queues/event%2F{tenant:pct}',
    telemetryAddress: '/queues/telemetry%2F{tenant:pct}',
    sessions: 'per-address',
  },
  // Its names are hierarchical by dots.
  'activemq-classic': {
    ...hono,
    eventAddress: 'queue://event.{tenant}',
    telemetryAddress: 'queue://telemetry.{tenant}',
  },
};
