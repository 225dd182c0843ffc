import type { HostAccess, AuthenticatedDevice } from '@rollcall/access';

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
  let ended: 'answered' | 'withdrawn' | undefined;
  const held = access.holdProof(by, () => end('withdrawn'));

  function end(how: 'answered' | 'withdrawn'): void {
    if (ended) return;
    ended = how;
    held.release();
    report(how);
  }

  return {
    isWithdrawn: () => ended === 'withdrawn' || (!ended && held.isOver()),
    answered: () => end(held.isOver() ? 'withdrawn' : 'answered'),
  };
}
