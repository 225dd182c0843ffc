import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { LeaseState } from '@rollcall/core/directory';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { LoopWatch } from '@rollcall/runtime';
import type { SharedLease, SignHere } from '../shared-lease.ts';
import type { Ending } from './lease-standing.ts';
import type { Tracked } from './track.ts';

/** What this adapter itself hears from the device of a lease. It makes the state that moves with the lease, and the ending, from that. */
export class HeardHere {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #loop: Pick<LoopWatch, 'latenessMs'>;
  readonly #tracked: Pick<Tracked<never>, 'presence' | 'lastPresence'>;
  readonly #lease: Pick<SharedLease, 'learned'>;
  /** The latest sign of the device; absent: this incarnation did not hear it. */
  #latest: SignHere | undefined;
  /** When it was last heard here; for a lease of an earlier incarnation, when it was last heard at all. */
  #heardAt: Instant;

  constructor(
    {
      clock,
      loop,
    }: { readonly clock: Pick<Clock, 'monotonic'>; readonly loop: Pick<LoopWatch, 'latenessMs'> },
    tracked: Pick<Tracked<never>, 'presence' | 'lastPresence'>,
    lease: Pick<SharedLease, 'learned'>,
  ) {
    this.#clock = clock;
    this.#loop = loop;
    this.#tracked = tracked;
    this.#lease = lease;
    this.#heardAt = tracked.presence()?.lastSeen ?? clock.monotonic();
  }

  get latest(): SignHere | undefined {
    return this.#latest;
  }

  get isPresent(): boolean {
    return this.#tracked.presence() !== undefined;
  }

  heard(sign: SignHere): void {
    this.#latest = sign;
    this.#heardAt = sign.heardAt ?? this.#clock.monotonic();
  }

  /** @param begun that of the event that began the lease, if its tracker has none. */
  basis(begun: LeaseBasis): LeaseBasis {
    return this.#tracked.presence()?.lease?.basis ?? begun;
  }

  /** @param begun as for {@link basis}. */
  state(begun: LeaseBasis): LeaseState {
    const now = this.#clock.monotonic();
    const { lease } = this.#tracked.presence() ?? {};
    const learned = this.#lease.learned();
    return {
      basis: lease?.basis ?? begun,
      // What was read late was said before.
      silentMs: now - this.#heardAt + this.#loop.latenessMs(this.#heardAt),
      leftMs: (lease?.until ?? now) - now,
      ...(learned !== undefined && { learned }),
    };
  }

  /** @param otherwise the basis, if its tracker has none. */
  endingNow(reason: DisconnectedChange['reason'], otherwise: DisconnectedChange['basis']): Ending {
    const at = this.#clock.monotonic();
    const { lastSeen = this.#heardAt, lease } = this.#tracked.lastPresence() ?? {};
    const basis = lease?.basis ?? otherwise;
    return {
      change: { type: 'disconnected', reason, basis, lastSeen, ...(lease && { until: lease.until }) },
      at,
    };
  }
}
