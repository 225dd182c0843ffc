import type { Clock } from '@rollcall/core/environment';
import type { LoopWatch } from '@rollcall/runtime';
import type { DirectoryLeases, HeldLease, LifeSign, ReportOutcome } from '@rollcall/core/directory';
import { arrivalOf, type Arrival } from '../leases/arrival.ts';
import type { SignHere } from '../shared-lease.ts';

export interface LeaseReportsOptions {
  readonly clock: Clock;
  /** What this adapter reads late was said before, and the holder cannot know that. */
  readonly loop: Pick<LoopWatch, 'latenessMs'>;
  readonly leases: Pick<DirectoryLeases, 'report'>;
  /** Called with the outcome of a report. */
  reported(lease: HeldLease, outcome: ReportOutcome): void;
}

/** Reports to the holder of a lease elsewhere that its device was heard here: one report at a time, always of the latest sign. */
export class LeaseReports {
  readonly #options: LeaseReportsOptions;
  #next: { readonly lease: HeldLease; readonly sign: SignHere } | undefined;
  #isUnderWay = false;

  constructor(options: LeaseReportsOptions) {
    this.#options = options;
  }

  /** A lesser sign does not replace a request that waits. */
  report(lease: HeldLease, sign: SignHere): void {
    const waiting = this.#next?.lease === lease ? this.#next.sign : undefined;
    const isLess = waiting?.kind === 'request' && sign.kind === 'heard';
    this.#next = { lease, sign: isLess && waiting ? { ...waiting, ...this.#arrivalOf(sign) } : sign };
    if (!this.#isUnderWay) void this.#tell();
  }

  /** The device leaves: earlier signs are dropped. */
  goodbye(lease: HeldLease, arrival: Arrival): void {
    this.forget();
    void this.#options.leases.report(lease, { kind: 'goodbye', ...this.#timesOf(arrival) });
  }

  forget(): void {
    this.#next = undefined;
  }

  async #tell(): Promise<void> {
    this.#isUnderWay = true;
    for (let next = this.#take(); next; next = this.#take()) {
      const { lease, sign } = next;
      const outcome = await this.#options.leases.report(lease, this.#signOf(sign));
      this.#options.reported(lease, outcome);
    }
    this.#isUnderWay = false;
  }

  #take(): { readonly lease: HeldLease; readonly sign: SignHere } | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  #arrivalOf(sign: SignHere): Arrival {
    return arrivalOf(sign, this.#options.clock.monotonic());
  }

  #signOf(here: SignHere): LifeSign {
    const { heardAt: _earliest, readAt: _latest, ...sign } = here;
    return { ...sign, ...this.#timesOf(this.#arrivalOf(here)) };
  }

  #timesOf({ heardAt, readAt }: Arrival): Pick<LifeSign, 'ageMs' | 'waitedMs'> {
    const { clock, loop } = this.#options;
    const ageMs = Math.max(0, clock.monotonic() - readAt);
    const waitedMs = Math.max(0, readAt - heardAt) + loop.latenessMs(heardAt);
    return { ageMs, ...(waitedMs > 0 && { waitedMs }) };
  }
}
