import type { VerifyingTurn } from '@rollcall/core/registry';
import { createFairQueue } from '@rollcall/core/sharing';

interface WithTurn {
  readonly turn: VerifyingTurn;
}

/** What waits for the thread that compares passwords. Suspect and trusted owners are served in turn. */
export interface WaitingComparisons<Job extends WithTurn> {
  readonly size: number;
  push(job: Job): void;
  /** Takes out the one that is served next. */
  next(): Job | undefined;
  /** Removes the comparison that gives its place to a newcomer; `undefined`: no comparison does. */
  giveWayTo(newcomer: VerifyingTurn): Job | undefined;
  /** How many wait for the owner of this turn. */
  countOf(turn: VerifyingTurn): number;
  /** Owners that wait, except this one; an owner that is trusted and suspect counts twice. */
  ownersBeside(owner: string): number;
}

export function createWaitingComparisons<Job extends WithTurn>(): WaitingComparisons<Job> {
  const trusted = createFairQueue<Job>();
  const suspect = createFairQueue<Job>();
  let servedLast: 'trusted' | 'suspect' = 'suspect';

  const queueOf = ({ isSuspect }: VerifyingTurn) => (isSuspect ? suspect : trusted);
  const countOf = ({ owner }: VerifyingTurn): number => trusted.countOf(owner) + suspect.countOf(owner);

  function mayTakePlaceOf(holder: VerifyingTurn, newcomer: VerifyingTurn): boolean {
    if (holder.isSuspect && !newcomer.isSuspect) return true;
    return countOf(holder) > countOf(newcomer) + 1;
  }

  return {
    get size() {
      return trusted.size + suspect.size;
    },
    push: (job) => queueOf(job.turn).push(job.turn.owner, job),
    next() {
      if (servedLast === 'suspect') servedLast = trusted.size > 0 ? 'trusted' : 'suspect';
      else servedLast = suspect.size > 0 ? 'suspect' : 'trusted';
      return (servedLast === 'suspect' ? suspect : trusted).shift();
    },
    giveWayTo(newcomer) {
      // Suspect ones give way first.
      const holder = suspect.lastOfLongest() ?? trusted.lastOfLongest();
      if (!holder || !mayTakePlaceOf(holder.turn, newcomer)) return undefined;
      queueOf(holder.turn).remove(holder.turn.owner, holder);
      return holder;
    },
    countOf,
    ownersBeside: (owner) =>
      [trusted, suspect].reduce(
        (others, queue) => others + queue.owners - (queue.countOf(owner) > 0 ? 1 : 0),
        0,
      ),
  };
}
