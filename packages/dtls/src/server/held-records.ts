import type { DtlsRecord } from '../wire/read-records.ts';

const maxHeldRecords = 4;
const maxHeldBytes = 512;

/** Protected records that came before the keys. The latest ones are kept. */
export class HeldRecords {
  #records: DtlsRecord[] = [];

  /** Returns false where the record is too long to be a Finished. */
  hold(record: DtlsRecord): boolean {
    if (record.fragment.length > maxHeldBytes) return false;
    if (this.#records.length === maxHeldRecords) this.#records.shift();
    // A copy, since the datagram belongs to the socket.
    this.#records.push({ ...record, fragment: Buffer.from(record.fragment) });
    return true;
  }

  /** The held records, in the order in which they came. Forgets them. */
  release(): readonly DtlsRecord[] {
    const released = this.#records;
    this.#records = [];
    return released;
  }
}
