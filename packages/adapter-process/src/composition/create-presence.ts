import {
  announceAgain,
  createAnnouncer,
  type Announcer,
  createEpochSource,
  type StampContext,
  tellOfJournal,
  createWallTime,
  createAnonymousConnections,
  type AnonymousConnections,
  createConnections,
  type Connections,
  type OpenEvent,
} from '@rollcall/presence/internal';
import { createLoopWatch, type LoopWatch, type ResourceStack } from '@rollcall/runtime';
import type { AdapterContext } from './adapter-context.ts';
import type { FollowedRegistry } from './follow-registry.ts';
import type { Delivery } from './open-delivery.ts';

/** Who is connected, and what is told of it. */
export interface Presence {
  readonly stamp: StampContext;
  readonly announcer: Announcer<OpenEvent>;
  readonly connections: Connections;
  readonly anonymous: AnonymousConnections;
}

export function createPresence(
  context: AdapterContext,
  { delivery, followed, ...given }: PresenceParts,
  resources: ResourceStack,
): Presence {
  const { clock, random, identity, settings, observer, failed } = context;
  const announcer = resources.adopt(createPresenceAnnouncer(context, delivery), (each) => each.stop());
  const loop = resources.adopt(given.loop ?? createLoopWatch(clock), (each) => each.stop());
  const stamp: StampContext = {
    clock,
    random,
    identity,
    nextEpoch: createEpochSource(clock, delivery.recovered.highWater),
    exposeRemoteAddress: settings.exposeRemoteAddress,
    journalFor: tellOfJournal(delivery.journalFacts),
    loop,
    wall: createWallTime(clock),
  };
  const connections = createConnections({
    clock,
    failed,
    loop,
    stamp,
    announcer,
    access: followed.access,
    commitWaitMs: settings.commitWaitMs,
    publish: (event, { identity: { tenant } }) => delivery.publish(event, tenant),
    coalescedOf: (device) => delivery.outbox.coalescedOf(device),
  });
  resources.defer(() => connections.stop());
  followed.onAvailability((available) => {
    connections.servingChanged(available);
    if (available) followed.access.registryIsBack();
  });
  const anonymous = createAnonymousConnections({ clock, loop, failed });
  observer.watch('presence', {
    byTenant: () => connections.byTenant(),
    anonymous: () => anonymous.count,
  });
  return { stamp, announcer, connections, anonymous };
}

interface PresenceParts {
  readonly delivery: Delivery;
  readonly followed: FollowedRegistry;
  /** Default: one on the clock. */
  readonly loop: LoopWatch | undefined;
}

function createPresenceAnnouncer(
  { clock, random, settings, observer, failed }: AdapterContext,
  delivery: Delivery,
): Announcer<OpenEvent> {
  const { announceIntervalMs } = settings;
  return createAnnouncer<OpenEvent>({ clock, random }, announceIntervalMs, (open) => {
    try {
      const event = announceAgain(open, announceIntervalMs, delivery.journalFacts);
      observer.announced(event);
      delivery.announce(event, open.description.identity.tenant);
    } catch (error) {
      failed('announcement', error);
    }
  });
}
