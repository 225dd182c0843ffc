import type { Clock } from '@rollcall/core/environment';
import {
  subjectOf,
  type ChangeOutbox,
  type ChangeSubject,
  type KeepBounds,
  type KeptChange,
} from '../store/change-outbox.ts';
import type { StoredChange } from '../store/registry-write.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';

/** An outbox in memory. */
export class MemoryOutbox implements ChangeOutbox {
  readonly #clock: Pick<Clock, 'now'>;
  #kept: KeptChange[] = [];
  #lastNumber = 0;
  isAway = false;
  isOurTurn = true;
  turnsGiven = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get devices(): readonly string[] {
    return this.#kept.map(({ change }) => ('device' in change ? change.device : change.type));
  }

  keep(change: StoredChange): void {
    this.#lastNumber += 1;
    this.#kept.push({ number: this.#lastNumber, at: this.#clock.now(), change });
  }

  async takeTurn(): Promise<boolean> {
    this.#look();
    return this.isOurTurn;
  }

  async giveTurn(): Promise<void> {
    this.turnsGiven += 1;
  }

  async first(subject: ChangeSubject, after: number, limit: number): Promise<readonly KeptChange[]> {
    return this.#of(subject)
      .filter(({ number }) => number > after)
      .slice(0, limit);
  }

  async figures(subject: ChangeSubject) {
    this.#look();
    const all = this.#of(subject);
    return { waiting: all.length, ...(all[0] && { oldestAt: all[0].at }) };
  }

  async remove(subject: ChangeSubject, upTo: number): Promise<void> {
    this.#look();
    this.#removeIf(subject, ({ number }) => number <= upTo);
  }

  async removeBeyond(subject: ChangeSubject, { maxKept, from }: KeepBounds): Promise<number> {
    const beyond = this.#of(subject).at(-maxKept - 1)?.number ?? 0;
    return this.#removeIf(subject, ({ number, at }) => number <= beyond || at < from);
  }

  #of(subject: ChangeSubject): readonly KeptChange[] {
    return this.#kept.filter(({ change }) => subjectOf(change) === subject);
  }

  #removeIf(subject: ChangeSubject, isOver: (kept: KeptChange) => boolean): number {
    const before = this.#kept.length;
    this.#kept = this.#kept.filter((kept) => subjectOf(kept.change) !== subject || !isOver(kept));
    return before - this.#kept.length;
  }

  #look(): void {
    if (this.isAway) throw new StoreUnavailable('away');
  }
}
