import type { Instant } from '@rollcall/core';
import type { HeldLease, LeaseEntry, LeaseStanding } from '@rollcall/core/directory';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { ConnectedChange } from '@rollcall/core/internal';
import type { ConnectionDescription } from '../host-presence.ts';
import { stampConnected } from '../stamping/stamp.ts';
import type { WallOffset } from '../stamping/wall-time.ts';
import type { SharedByConnections } from './device-connection.ts';

/** Who holds the lease. `ours`: publish the event. */
export type Claim =
  | { readonly status: 'ours'; readonly event: ConnectedEvent; readonly began: WallOffset }
  | { readonly status: 'elsewhere' | 'moved-here'; readonly lease: HeldLease };

/** A claim that another adapter overtook is made again, this often at most. */
const mostTries = 3;

/**
 * Asks the directory who holds the lease, before anything is published. If the directory does not answer in time, it is ours.
 *
 * @param entryOf makes the directory entry of the lease that this event begins.
 */
export async function claimLease(
  shared: SharedByConnections,
  description: ConnectionDescription,
  begins: { readonly change: ConnectedChange; readonly at: Instant },
  entryOf: (event: ConnectedEvent) => LeaseEntry,
): Promise<Claim> {
  const { directory, stamp } = shared;
  for (let tries = 1; ; tries++) {
    // Facts that are published only once must go into the event that is really published.
    const sayNothing = { ...stamp, journalFor: () => undefined };
    const event = stampConnected(sayNothing, description, begins.change, begins.at, 0);
    const began = stamp.wall.offset();
    const entry = entryOf(event);
    const { standing, isOvertaken } = await enter(shared, entry);
    if (standing.status === 'elsewhere' || standing.status === 'moved-here') return standing;
    const isOurs = !isOvertaken && event.adapter.instance === stamp.identity.instance;
    if ((isOurs && standing.status !== 'ended') || tries === mostTries)
      return { status: 'ours', event, began };
    void directory.leave(entry);
  }
}

/** `isOvertaken`: the directory reported the loss of the lease before it answered. */
async function enter(
  { directory, entering, unpublished }: SharedByConnections,
  entry: LeaseEntry,
): Promise<{ readonly standing: LeaseStanding; readonly isOvertaken: boolean }> {
  const { connectionId, at } = entry.event;
  let isOvertaken = false;
  const overtaken = (): void => void (isOvertaken = true);
  entering.set(connectionId, { displaced: overtaken, movedAway: overtaken, endedElsewhere: overtaken });
  unpublished.set(connectionId, at);
  const standing = await directory.leases.enter(entry);
  entering.delete(connectionId);
  // Who publishes it does so in this turn.
  unpublished.delete(connectionId);
  return { standing, isOvertaken };
}
