import type { DatabaseSync } from 'node:sqlite';
import type { ChangeSubject, KeepBounds } from '../change-outbox.ts';
import type { RegistryWrite } from '../registry-write.ts';
import { done, type Written } from '../written.ts';
import { KeptChangeWrites } from './kept-changes.ts';
import { Writes } from './writes.ts';

/** A task for the writing thread, as plain data. */
export type WriteTask =
  /** `keepAt`: with it, changes are kept until they are sent, with this time. */
  | { readonly kind: 'write'; readonly write: RegistryWrite; readonly keepAt?: number }
  | { readonly kind: 'remove-kept'; readonly subject: ChangeSubject; readonly upTo: number }
  | { readonly kind: 'remove-kept-beyond'; readonly subject: ChangeSubject; readonly bounds: KeepBounds };

/** The result of a task. `removed`: how many kept changes were removed. */
export type Performed = Written & { readonly removed?: number };

/** Carries out tasks, within the caller's transaction. */
export class WriteTasks {
  readonly #writes: Writes;
  readonly #kept: KeptChangeWrites;

  constructor(database: DatabaseSync, maxDevicesPerTenant: number) {
    this.#writes = new Writes(database, maxDevicesPerTenant);
    this.#kept = new KeptChangeWrites(database);
  }

  perform(task: WriteTask): Performed {
    switch (task.kind) {
      case 'write': {
        const written = this.#writes.apply(task.write);
        if (task.keepAt !== undefined) this.#kept.add(written.changes, task.keepAt);
        return written;
      }
      case 'remove-kept':
        return { ...done(), removed: this.#kept.remove(task.subject, task.upTo) };
      case 'remove-kept-beyond':
        return { ...done(), removed: this.#kept.removeBeyond(task.subject, task.bounds) };
      default:
        return task satisfies never;
    }
  }
}
