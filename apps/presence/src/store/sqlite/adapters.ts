import type { DatabaseSync } from 'node:sqlite';
import { AdapterBook, adapterRow, heardOf, type AdapterRow } from '../fold/adapter-book.ts';

/** Reads the book of adapters into memory. `save` writes the adapters that changed, within the transaction of the events. */
export function loadAdapters(
  database: DatabaseSync,
  defaultIntervalMs: number,
): { readonly adapters: AdapterBook; save(): void } {
  const rows = database.prepare('SELECT * FROM adapters').all() as unknown as readonly AdapterRow[];
  const adapters = new AdapterBook(defaultIntervalMs, rows.map(heardOf));
  const write = database.prepare(
    `INSERT INTO adapters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET last_heard = excluded.last_heard, interval = excluded.interval,
       listened = excluded.listened, last_announcement = excluded.last_announcement,
       new_instance = excluded.new_instance, new_epoch = excluded.new_epoch,
       closed_through = excluded.closed_through`,
  );
  return {
    adapters,
    save() {
      for (const heard of adapters.takeChanged()) write.run(...Object.values(adapterRow(heard)));
    },
  };
}
