import type { ConnectedEvent, DisconnectedEvent, TenantId } from '@rollcall/core';
import type { ConnectionDirectory } from '@rollcall/core/directory';
import type { DeviceRegistry } from '@rollcall/core/registry';
import type { RestoredLease, RhythmStore } from '@rollcall/presence/internal';
import {
  restoreLease,
  createRhythmStore,
  stampLost,
  stampOwed,
  type StampContext,
} from '@rollcall/presence/internal';
import { endLostSessions, type Deceased } from '@rollcall/outbox/internal';
import type { AdapterContext } from './adapter-context.ts';
import type { Delivery } from './open-delivery.ts';

/** What of an earlier run goes on. */
export interface TakenUp {
  readonly restored: readonly RestoredLease[];
  readonly rhythms: RhythmStore;
  /** Tenants that had devices: each of them has a queue from the start, apart from the one of unknown tenants. */
  readonly tenants: ReadonlySet<TenantId>;
  /** The leases are entered in the directory once this resolves: what the earlier run held there is settled then. */
  enteredWhen(entered: Promise<void>): void;
}

/** Lease holders, present or not, whose rhythm is known. */
const maxRememberedRhythms = 200_000;

interface TakenUpWith {
  readonly registry: DeviceRegistry;
  readonly stamp: StampContext;
  readonly directory: Pick<ConnectionDirectory, 'succeed' | 'untoldOf' | 'settled'>;
}

/** Ends the sessions that an earlier run left, takes its leases up, and lets the outbox send. */
export async function takeUpJournal(
  { clock, random, log }: AdapterContext,
  delivery: Delivery,
  { registry, stamp, directory }: TakenUpWith,
): Promise<TakenUp> {
  const { recovered, outbox, journal } = delivery;
  const tenants = new Set<TenantId>();
  const ended = await endLostSessions(recovered, {
    registry,
    clock,
    log,
    whose: (instance) => directory.succeed(instance),
    ...(directory.untoldOf && {
      untoldOf: directory.untoldOf.bind(directory),
    }),
    end(entry, tenant, dead) {
      tenants.add(tenant.id);
      if (dead) return delivery.publish(stampUntold(entry.event, dead), tenant);
      const { nextEpoch } = stamp;
      const coalesced = outbox.coalescedOf(entry.event.device);
      const lost = stampLost(entry, 'adapter-lost', { clock, random, nextEpoch }, coalesced);
      return delivery.publish(lost, tenant);
    },
  });
  const { leases } = ended;
  const succeeded = leases.length > 0 ? await succeedTo(recovered.follows, ended.ours, directory) : [];
  journal.endedByOthers(ended.byOthers);
  outbox.withdraw(ended.byOthers);
  void ended.safe.then(() => {
    for (const instance of ended.ours) directory.settled(instance);
  });
  for (const { event } of leases) tenants.add(event.device.tenant);
  delivery.startSending();
  const restored = await Promise.all(leases.map((entry) => restoreLease(entry, registry, clock)));
  return {
    restored: restored.filter((lease) => lease !== undefined),
    rhythms: createRhythmStore(maxRememberedRhythms, recovered.rhythms),
    tenants,
    enteredWhen(entered) {
      void entered.then(() => {
        for (const instance of succeeded) directory.settled(instance);
      });
    },
  };
}

/** As another one of the fleet would have told it: should the directory have forgotten that one did, it is the same event. */
function stampUntold(event: ConnectedEvent, dead: Deceased): DisconnectedEvent {
  return stampOwed(
    { identity: event.adapter, ...dead },
    { event, unconfirmed: false, reason: 'adapter-lost' },
  );
}

/** The run before held the leases, whichever began them. @returns what is to be settled once they are entered. */
async function succeedTo(
  follows: string | undefined,
  settled: readonly string[],
  directory: TakenUpWith['directory'],
): Promise<readonly string[]> {
  if (follows === undefined || settled.includes(follows)) return [];
  return (await directory.succeed(follows)) === 'ours' ? [follows] : [];
}
