import type { AuthenticatedDevice, HeldProof, HostAccess } from '@rollcall/access';

/** A request that keeps a lease until it is answered. */
export interface RequestUnderWay {
  /** Whether its proof ceased to be valid before it was answered. Then it is not a sign of its device any more, and is not served. */
  isWithdrawn(): boolean;
  /** It was answered, or given up. */
  answered(): void;
}

/**
 * Holds the proof of a request while it is under way.
 *
 * @param report called once: `answered` renews the lease, `withdrawn` does not.
 */
export function requestUnderWay(
  access: Pick<HostAccess, 'holdProof'>,
  by: AuthenticatedDevice,
  report: (how: 'answered' | 'withdrawn') => void,
): RequestUnderWay {
  return new ProvedRequest(access, by, report);
}

type How = 'answered' | 'withdrawn';

/** A class, and not functions: there is one for each request. */
class ProvedRequest implements RequestUnderWay {
  readonly #report: (how: How) => void;
  readonly #held: HeldProof;
  #ended: How | undefined;

  constructor(access: Pick<HostAccess, 'holdProof'>, by: AuthenticatedDevice, report: (how: How) => void) {
    this.#report = report;
    this.#held = access.holdProof(by, () => this.#end('withdrawn'));
  }

  isWithdrawn(): boolean {
    return this.#ended === undefined ? this.#held.isOver() : this.#ended === 'withdrawn';
  }

  answered(): void {
    if (this.#ended === undefined) this.#end(this.#held.isOver() ? 'withdrawn' : 'answered');
  }

  #end(how: How): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    this.#held.release();
    this.#report(how);
  }
}
