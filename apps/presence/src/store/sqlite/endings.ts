import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { maxScanned } from '../fold/device-state.ts';
import { startAfter, endingsPage, positionOfEnding, type EndedRow } from '../fold/endings-page.ts';
import { endingFilter } from '../fold/ending-filter.ts';
import type { EndingPosition, EndingsPage, EndingsQuery } from '../presence-store.ts';

/** A row that was read; `ending` is `null` if it does not match the query. */
type ScannedRow = Omit<EndedRow, 'ending'> & { readonly ending: string | null };

/** Connections of a tenant that ended, the latest first. */
export class Endings {
  readonly #read: StatementSync;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare(
      `SELECT c.device, c.id, c.ended_at, d.status,
         iif((:reason IS NULL OR instr(c.ending, :reason) > 0)
           AND (:protocol IS NULL OR instr(c.ending, :protocol) > 0)
           AND (:adapter IS NULL OR c.adapter_id = :adapter), c.ending, NULL) AS ending
       FROM connections c LEFT JOIN devices d ON d.tenant = c.tenant AND d.device = c.device
       WHERE c.tenant = :tenant AND c.ended_at > :from AND c.ended_at <= :to
         AND (c.ended_at, c.device, c.id) < (:beforeAt, :beforeDevice, :beforeId)
       ORDER BY c.ended_at DESC, c.device DESC, c.id DESC LIMIT ${maxScanned + 1}`,
    );
  }

  read(tenant: string, query: EndingsQuery): EndingsPage {
    const before = startAfter(query.after);
    const rows = this.#read.iterate({
      tenant,
      from: query.fromMs,
      to: query.toMs,
      reason: endingFilter('reason', query.reason),
      protocol: endingFilter('protocol', query.protocol),
      adapter: query.adapterId ?? null,
      beforeAt: before.endedAtMs,
      beforeDevice: before.device,
      beforeId: before.connectionId,
    }) as unknown as Iterable<ScannedRow>;
    const fits: EndedRow[] = [];
    let scanned = 0;
    let last: EndingPosition | undefined;
    for (const row of rows) {
      if (fits.length === query.limit || scanned === maxScanned) return endingsPage(tenant, fits, last);
      scanned += 1;
      last = positionOfEnding(row);
      const { ending } = row;
      if (ending !== null) fits.push({ ...row, ending });
    }
    return endingsPage(tenant, fits, undefined);
  }
}
