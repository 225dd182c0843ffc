import type { HeldLease, ReportOutcome } from '@rollcall/core/directory';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { ConnectionDescription } from '../host-presence.ts';
import type { SignHere } from '../shared-lease.ts';
import type { SharedByConnections } from './device-connection.ts';
import { endedBecause } from './ended-because.ts';
import { LeaseReports } from './lease-reports.ts';
import type { Elsewhere } from './lease-standing.ts';
import type { Tracked } from './track.ts';

/** A report about the device must have reached the holder within this share of the lease's interval. */
const toldWithin = 1 / 2;

/** What a report to the holder makes necessary: this adapter takes the lease over, or begins one of its own. */
export type AfterReport = 'take' | 'begin-again' | 'nothing';

export interface LeaseFollowerOptions {
  readonly shared: SharedByConnections;
  readonly description: ConnectionDescription;
  readonly tracked: Pick<Tracked<never>, 'report'>;
  /** The lease that is followed now; absent: none. */
  followed(): Elsewhere | undefined;
  onReported(followed: Elsewhere, then: AfterReport): void;
}

/** What an adapter does about a lease that another one holds: it reports to the holder when the device is heard here. */
export class LeaseFollower {
  readonly #options: LeaseFollowerOptions;
  readonly #reports: LeaseReports;

  constructor(options: LeaseFollowerOptions) {
    const { clock, directory, stamp } = options.shared;
    this.#options = options;
    this.#reports = new LeaseReports({
      clock,
      loop: stamp.loop,
      leases: directory.leases,
      reported: (lease, outcome) => this.#reported(lease, outcome),
    });
  }

  /** The result is the standing of the lease here, until {@link leave}. */
  follow(lease: HeldLease): Elsewhere {
    const { shared, description, tracked } = this.#options;
    const releaseAccess = shared.access.holdLease(description.identity, () =>
      tracked.report(endedBecause('access-revoked', description.endCauses)),
    );
    return { phase: 'elsewhere', lease, toldAt: shared.clock.monotonic(), releaseAccess };
  }

  leave({ releaseAccess }: Elsewhere): void {
    releaseAccess();
    this.#reports.forget();
  }

  heard({ lease }: Elsewhere, sign: SignHere): void {
    this.#reports.report(lease, sign);
  }

  /** If the device said goodbye, reports that to the holder. Other endings here do not end the lease. */
  ended({ lease }: Elsewhere, { reason, lastSeen, endedAt = lastSeen }: DisconnectedChange): void {
    if (reason !== 'client-closed') return;
    this.#reports.goodbye(lease, { heardAt: lastSeen, readAt: endedAt });
  }

  #reported(lease: HeldLease, outcome: ReportOutcome): void {
    const { shared, followed, onReported } = this.#options;
    const elsewhere = followed();
    if (elsewhere?.lease !== lease) return;
    const now = shared.clock.monotonic();
    if (outcome.status === 'told') elsewhere.toldAt = now;
    onReported(elsewhere, afterReport(outcome, lease.state.basis.intervalMs, now - elsewhere.toldAt));
  }
}

/**
 * @param intervalMs of the lease.
 * @param toldAgoMs since the latest report about the device to the holder.
 */
export function afterReport(outcome: ReportOutcome, intervalMs: number, toldAgoMs: number): AfterReport {
  switch (outcome.status) {
    case 'told':
      return outcome.holderSilentMs >= intervalMs ? 'take' : 'nothing';
    case 'gone':
      return 'begin-again';
    case 'unknown':
      // The holder keeps the lease for an interval. After that, the signs at this adapter count, and the directory gets them later.
      return toldAgoMs >= toldWithin * intervalMs ? 'begin-again' : 'nothing';
    default:
      return outcome satisfies never;
  }
}
