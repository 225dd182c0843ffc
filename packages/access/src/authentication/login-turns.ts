import type { Clock } from '@rollcall/core/environment';
import { AdmissionQueue, type AdmissionLimits, type WaitingPlace } from './admission-queue.ts';
import { refuse, type Refused } from './refuse.ts';
import { createTurns, queuedTenant } from './turns.ts';

/** Has logins wait for their turn: see `createTurns` for whose turn it is, `AdmissionQueue` for when. */
export interface LoginTurns {
  /**
   * Runs `work` when it is the turn of this login.
   *
   * @param username as for `Turns.queueOf`.
   * @param isProved as for `Turns.queueOf`.
   * @param gone whether the client hung up.
   */
  inTurn<Result>(
    username: string,
    isProved: boolean,
    work: () => Promise<Result>,
    gone: () => boolean,
  ): Promise<Result | Refused>;
  /** As {@link inTurn}, for a login that was proved before and has nothing to do in its turn. */
  takeTurn(username: string, gone: () => boolean): Promise<Refused | undefined> | undefined;
  /** A device of this tenant proved who it is: from now on the tenant has a turn of its own. */
  provedTenant(tenant: string): void;
  /** Devices that wait for their turn. */
  readonly waiting: number;
}

export function createLoginTurns(clock: Clock, limits: AdmissionLimits): LoginTurns {
  const turns = createTurns();
  const admission = new AdmissionQueue(clock, limits);
  const placeOf = (username: string, isProved: boolean): WaitingPlace => ({
    group: queuedTenant(username),
    queueOf: () => turns.queueOf(username, isProved),
  });

  return {
    async inTurn(username, isProved, work, gone) {
      const admitted = await admission.admit(placeOf(username, isProved), work, gone);
      return admitted === 'busy' ? refuse('busy') : admitted;
    },
    takeTurn(username, gone) {
      if (admission.letThrough()) return undefined;
      const nothing = async (): Promise<undefined> => undefined;
      return admission
        .admit(placeOf(username, true), nothing, gone)
        .then((admitted) => (admitted === 'busy' ? refuse('busy') : undefined));
    },
    provedTenant(tenant) {
      if (turns.proved(tenant)) admission.regroup(tenant);
    },
    get waiting() {
      return admission.waiting;
    },
  };
}
