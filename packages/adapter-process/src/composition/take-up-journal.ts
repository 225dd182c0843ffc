import type { TenantId } from '@rollcall/core';
import type { DisconnectedEvent } from '@rollcall/core/events';
import type { ConnectionDirectory, Succession } from '@rollcall/core/directory';
import { sleep, type Clock } from '@rollcall/core/environment';
import type { DeviceRegistry } from '@rollcall/core/registry';
import type { RestoredLease, RhythmStore } from '@rollcall/presence/internal';
import {
  restoreLease,
  createRhythmStore,
  idOfLost,
  stampLost,
  stampOwed,
  type StampContext,
} from '@rollcall/presence/internal';
import { endLostSessions, toldByOthers, type Deceased } from '@rollcall/outbox/internal';
import type { OpenEntry } from '@rollcall/outbox';
import type { ResourceStack } from '@rollcall/runtime';
import type { AdapterContext } from './adapter-context.ts';
import type { Delivery } from './open-delivery.ts';

/** What continues from an earlier run. */
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
/** How often to look whether what waited at the start was sent. */
const shortestLookMs = 100;
const longestLookMs = 5_000;

interface TakenUpWith {
  readonly registry: DeviceRegistry;
  readonly stamp: StampContext;
  readonly directory: Pick<ConnectionDirectory, 'succeed' | 'untoldOf' | 'settled'>;
}

/** Ends the sessions that an earlier run left, continues its leases, and lets the outbox send. */
export async function takeUpJournal(
  { clock, random, log }: AdapterContext,
  delivery: Delivery,
  { registry, stamp, directory }: TakenUpWith,
  resources: ResourceStack,
): Promise<TakenUp> {
  const { recovered, outbox, journal } = delivery;
  const tenants = new Set<TenantId>();
  // First, and also where nothing is left open: the run before may have told what the directory still has.
  const latest = await successionTo(recovered.follows, directory);
  const whose = async (instance: string): Promise<Succession> =>
    instance === recovered.follows ? latest : directory.succeed(instance);
  const untoldOf = directory.untoldOf?.bind(directory);
  const ended = await endLostSessions(recovered, {
    registry,
    clock,
    log,
    whose,
    ...(untoldOf && { untoldOf }),
    end(entry, tenant, dead) {
      tenants.add(tenant.id);
      const { nextEpoch } = stamp;
      return delivery.publish(
        stampLostIn({ ...entry, coalesced: outbox.coalescedOf(entry.event.device) }, dead, {
          clock,
          random,
          nextEpoch,
        }),
        tenant,
      );
    },
  });
  const { leases } = ended;
  const settled = new Set(ended.ours);
  if (recovered.follows !== undefined && latest.whose !== 'others') settled.add(recovered.follows);
  // The run before held the leases, whichever began them: it is settled once they are entered.
  const settledLater =
    leases.length > 0 && recovered.follows !== undefined && settled.delete(recovered.follows);
  journal.endedByOthers(ended.byOthers);
  outbox.withdraw(ended.byOthers);
  if (recovered.follows !== undefined && latest.whose !== 'unknown' && untoldOf) {
    const upTo = latest.whose === 'ours' ? recovered.follows : undefined;
    outbox.withdraw(await toldByOthers({ outbox, journal, whose, untoldOf, upTo }));
  }
  const { signal } = resources.adopt(new AbortController(), (each) => each.abort());
  const sent = ended.safe.then(() => whenSent(outbox, clock, signal));
  void sent.then((isSent) => {
    if (isSent) for (const instance of settled) directory.settled(instance);
  });
  for (const { event } of leases) tenants.add(event.device.tenant);
  delivery.startSending();
  const restored = await Promise.all(leases.map((entry) => restoreLease(entry, registry, clock)));
  return {
    restored: restored.filter((lease) => lease !== undefined),
    rhythms: createRhythmStore(maxRememberedRhythms, recovered.rhythms),
    tenants,
    enteredWhen(entered) {
      const { follows } = recovered;
      if (!settledLater || follows === undefined) return;
      void Promise.all([sent, entered]).then(([isSent]) => isSent && directory.settled(follows));
    },
  };
}

/**
 * Resolves once all that waits now was sent, with `false` where the adapter stops before. What an earlier run left open is owed until
 * then: if this run is killed too, and not started again, only others can tell it, and they tell the same events.
 */
async function whenSent(
  outbox: Pick<Delivery['outbox'], 'depth'>,
  clock: Clock,
  stopping: AbortSignal,
): Promise<boolean> {
  const upTo = clock.now();
  const isWaiting = (): boolean =>
    outbox.depth().some(({ oldestAt }) => oldestAt !== undefined && oldestAt <= upTo);
  for (let pauseMs = shortestLookMs; isWaiting(); pauseMs = Math.min(2 * pauseMs, longestLookMs)) {
    await sleep(clock, pauseMs, stopping);
    if (stopping.aborted) return false;
  }
  return true;
}

/** Of a fleet: what others would tell of it, should the directory not know, or forget, that this one did, has the same id. */
function stampLostIn(
  { coalesced, ...entry }: OpenEntry & { readonly coalesced: number },
  dead: Deceased | undefined,
  context: Pick<StampContext, 'clock' | 'random' | 'nextEpoch'>,
): DisconnectedEvent {
  const { event } = entry;
  if (!dead) return stampLost(entry, 'adapter-lost', context, coalesced);
  const { aliveAt, declaredAt } = dead;
  if (aliveAt === undefined)
    return { ...stampLost(entry, 'adapter-lost', context, coalesced), id: idOfLost(event, dead) };
  // Other adapters should have reported it, and never knew of it.
  return stampOwed(
    { identity: event.adapter, aliveAt, declaredAt },
    { event, unconfirmed: false, reason: 'adapter-lost' },
  );
}

/** A run that has no earlier one is alone. */
async function successionTo(
  follows: string | undefined,
  directory: Pick<ConnectionDirectory, 'succeed'>,
): Promise<Succession> {
  return follows === undefined ? { whose: 'others' } : directory.succeed(follows);
}
