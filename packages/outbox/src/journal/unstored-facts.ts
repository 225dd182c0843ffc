import type { Epoch } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import { latestEpoch } from './latest-epoch.ts';
import type { Batch } from './store/stored.ts';

/** Facts of the journal itself that a batch carries. */
type TakenFacts = Pick<Batch, 'highWater' | 'instance'>;

/** Facts of the journal itself that the store does not have yet: the latest epoch, and which incarnation uses the journal. */
export class UnstoredFacts {
  #highWater: Epoch | undefined;
  #storedHighWater: Epoch | undefined;
  #latestInstance: string | undefined;
  /** Set until the store has it. */
  #instance: string | undefined;

  /** @param highWater the epoch that the store has. */
  begin(highWater: Epoch | undefined): void {
    this.#highWater = this.#storedHighWater = highWater;
  }

  appended(event: ConnectionEvent): void {
    this.#highWater = latestEpoch(event, this.#highWater);
  }

  usedBy(instance: string): void {
    this.#instance = this.#latestInstance = instance;
  }

  /** The store has lost everything. */
  refill(): void {
    this.#storedHighWater = undefined;
    this.#instance = this.#latestInstance;
  }

  get isEmpty(): boolean {
    return this.#highWater === this.#storedHighWater && this.#instance === undefined;
  }

  take(): TakenFacts {
    const highWater = this.#highWater === this.#storedHighWater ? undefined : this.#highWater;
    return {
      ...(highWater !== undefined && { highWater }),
      ...(this.#instance !== undefined && { instance: this.#instance }),
    };
  }

  stored({ highWater, instance }: TakenFacts): void {
    if (highWater !== undefined) this.#storedHighWater = highWater as Epoch;
    if (instance === this.#instance) this.#instance = undefined;
  }
}
