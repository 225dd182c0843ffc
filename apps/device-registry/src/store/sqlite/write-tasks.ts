import type { DatabaseSync } from 'node:sqlite';
import type { ChangeSubject, KeepBounds } from '../change-outbox.ts';
import type { RegistryWrite } from '../registry-write.ts';
import { done, type Written } from '../written.ts';
import { KeptChangeWrites } from './kept-changes.ts';
import { Writes } from './writes.ts';

/** What the one who writes is asked. Plain data. */
export type WriteTask =
  /** `keepAt`: what changes is kept until it is told, with this time. */
  | { readonly kind: 'write'; readonly write: RegistryWrite; readonly keepAt?: number }
  | { readonly kind: 'remove-kept'; readonly subject: ChangeSubject; readonly upTo: number }
  | { readonly kind: 'remove-kept-beyond'; readonly subject: ChangeSubject; readonly bounds: KeepBounds };

/** What was done; `removed`: how many changes are not kept any more. */
export type Performed = Written & { readonly removed?: number };

/** Does what it is asked, in a transaction of whoever calls. */
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
