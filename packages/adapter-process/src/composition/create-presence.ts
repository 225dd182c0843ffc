import {
  announceAgain,
  createAnnouncer,
  type Announcer,
  type StampContext,
  createWallTime,
  createAnonymousConnections,
  type AnonymousConnections,
  createConnections,
  type Connections,
  type OpenEvent,
} from '@rollcall/presence/internal';
import { createLoopWatch, type LoopWatch, type ResourceStack } from '@rollcall/runtime';
import type { AdapterContext } from './adapter-context.ts';
import type { FleetSeat } from './fleet-seat.ts';
import type { FollowedRegistry } from './follow-registry.ts';
import type { Delivery } from './open-delivery.ts';

/** Makes the part that knows who is connected, and publishes the events. */
export interface Presence {
  readonly stamp: StampContext;
  readonly announcer: Announcer<OpenEvent>;
  readonly connections: Connections;
  readonly anonymous: AnonymousConnections;
}

export function createPresence(
  context: AdapterContext,
  { delivery, followed, fleet, ...given }: PresenceParts,
  resources: ResourceStack,
): Presence {
  const { clock, random, settings, observer, failed } = context;
  const announceNow = announcing(context, delivery);
  const announcer = resources.adopt(
    createAnnouncer<OpenEvent>({ clock, random }, settings.announceIntervalMs, announceNow),
    (each) => each.stop(),
  );
  const loop = resources.adopt(given.loop ?? createLoopWatch(clock), (each) => each.stop());
  const stamp: StampContext = {
    clock,
    random,
    get identity() {
      return context.identity;
    },
    nextEpoch: fleet.epochs,
    exposeRemoteAddress: settings.exposeRemoteAddress,
    journalFor: (tenant) => delivery.journalFor(tenant),
    loop,
    wall: createWallTime(clock),
  };
  const connections = createConnections({
    clock,
    failed,
    loop,
    stamp,
    announcer,
    announceNow,
    directory: fleet.entrance,
    access: followed.access,
    commitWaitMs: settings.commitWaitMs,
    publish: (event, { identity: { tenant } }, beforeSending) =>
      delivery.publish(event, tenant, beforeSending),
    moved: (open) => {
      const event = announceAgain(open, stamp.identity, settings.announceIntervalMs, delivery.journalFacts);
      return delivery.takeOn(event, open.description.identity.tenant);
    },
    publishOfAnother: (event, { identity: { tenant } }) => delivery.publishOfAnother(event, tenant),
    endedByOthers: (connection) => delivery.journal.endedByOthers([connection]),
    coalescedOf: (device) => delivery.outbox.coalescedOf(device),
  });
  fleet.attend(connections, announcer);
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
  readonly fleet: FleetSeat;
  /** Default: one on the clock. */
  readonly loop: LoopWatch | undefined;
}

function announcing(context: AdapterContext, delivery: Delivery): (open: OpenEvent) => boolean {
  const {
    settings: { announceIntervalMs },
    observer,
    failed,
  } = context;
  return (open) => {
    try {
      const event = announceAgain(open, context.identity, announceIntervalMs, delivery.journalFacts);
      observer.announced(event);
      return delivery.announce(event, open.description.identity.tenant);
    } catch (error) {
      failed('announcement', error);
      return true;
    }
  };
}
