import type { ChangeOutbox, ChangeSubject, KeepBounds } from '../change-outbox.ts';
import type { KeptChangeReads } from './kept-changes.ts';
import type { Performed, WriteTask } from './write-tasks.ts';

export interface SqliteOutboxParts {
  readonly reads: KeptChangeReads;
  perform(task: WriteTask): Promise<Performed>;
  /** Turns an error into the one for the caller. */
  guard<Result>(work: () => Result): Result;
}

/** The outbox of a database with one process, whose turn it always is. */
export class SqliteOutbox implements ChangeOutbox {
  readonly #parts: SqliteOutboxParts;

  constructor(parts: SqliteOutboxParts) {
    this.#parts = parts;
  }

  async takeTurn(): Promise<boolean> {
    return true;
  }

  async giveTurn(): Promise<void> {}

  async first(subject: ChangeSubject, after: number, limit: number) {
    const { guard, reads } = this.#parts;
    return guard(() => reads.first(subject, after, limit));
  }

  async figures(subject: ChangeSubject) {
    const { guard, reads } = this.#parts;
    return guard(() => reads.figures(subject));
  }

  async remove(subject: ChangeSubject, upTo: number): Promise<void> {
    await this.#parts.perform({ kind: 'remove-kept', subject, upTo });
  }

  async removeBeyond(subject: ChangeSubject, bounds: KeepBounds): Promise<number> {
    const { removed = 0 } = await this.#parts.perform({ kind: 'remove-kept-beyond', subject, bounds });
    return removed;
  }
}
