import type { SecureRecords } from '../crypto/secure-records.ts';
import { contentType } from '../wire/content-type.ts';
import { fragmentsOf, handshakeHeaderBytes } from '../wire/handshake-message.ts';
import { plainRecord, recordHeaderBytes } from '../wire/record.ts';

/** A piece of a flight, before it becomes a record: each transmission makes new records (RFC 6347 §4.2.4). */
export interface FlightItem {
  readonly type: number;
  readonly body: Buffer;
  /** Of the second epoch. */
  readonly isProtected: boolean;
}

export interface FlightTarget {
  /** Where items are protected. */
  readonly records: SecureRecords | undefined;
  readonly nextPlainSequence: number;
  readonly maxDatagramBytes: number;
  readonly send: (datagram: Buffer) => void;
}

export const changeCipherSpec: FlightItem = {
  type: contentType.changeCipherSpec,
  body: Buffer.from([1]),
  isProtected: false,
};

/** Sends a flight in as few datagrams as it fits in. Returns the sequence number of the next unprotected record. */
export function sendFlight(flight: readonly FlightItem[], target: FlightTarget): number {
  const { records, maxDatagramBytes, send } = target;
  let nextPlainSequence = target.nextPlainSequence;
  let gathered: Buffer[] = [];
  let bytes = 0;

  const flush = (): void => {
    if (gathered.length > 0) send(Buffer.concat(gathered));
    gathered = [];
    bytes = 0;
  };
  for (const { type, body, isProtected } of flight) {
    const maxBody = maxDatagramBytes - recordHeaderBytes - handshakeHeaderBytes;
    // The only protected message is Finished, which is small.
    const pieces = type === contentType.handshake && !isProtected ? fragmentsOf(body, maxBody) : [body];
    for (const piece of pieces) {
      const record =
        isProtected && records ? records.seal(type, piece) : plainRecord(type, nextPlainSequence++, piece);
      if (bytes + record.length > maxDatagramBytes) flush();
      gathered.push(record);
      bytes += record.length;
    }
  }
  flush();
  return nextPlainSequence;
}
