import { contentType } from '../wire/content-type.ts';
import { dtls12 } from '../wire/protocol-version.ts';
import type { DtlsRecord } from '../wire/read-records.ts';
import { maxPlaintextBytes, maxSequence, recordHeaderBytes, writeSequence } from '../wire/record.ts';
import { ReplayWindow } from '../wire/replay-window.ts';
import type { Protection } from './protection.ts';
import { connectionIdContext, recordContext } from './record-context.ts';

/** Renegotiation is refused, so nothing ever goes beyond the first epoch that is protected. */
const epoch = 1;

export interface OpenedRecord {
  readonly type: number;
  readonly bytes: Buffer;
  /** No record that came before has a higher sequence number. */
  readonly isNewest: boolean;
}

/** Why a record is dropped. */
export type Unopened = 'not-authentic' | 'replayed' | 'malformed';

export interface SecureRecordsOptions {
  readonly read: Protection;
  readonly write: Protection;
  /** The connection id that the peer puts into what it sends; empty where it sends records without (RFC 9146 §3). */
  readonly readConnectionId: Buffer;
  readonly writeConnectionId: Buffer;
}

/** Protected records in both directions. A class: every association has one for as long as it lives. */
export class SecureRecords {
  readonly readConnectionId: Buffer;
  readonly #read: Protection;
  readonly #write: Protection;
  readonly #writeConnectionId: Buffer;
  readonly #window = new ReplayWindow();
  #nextSequence = 0;

  constructor({ read, write, readConnectionId, writeConnectionId }: SecureRecordsOptions) {
    this.#read = read;
    this.#write = write;
    this.readConnectionId = readConnectionId;
    this.#writeConnectionId = writeConnectionId;
  }

  /** All sequence numbers are used up (RFC 6347 §4.1): nothing may be sent any more. */
  get isExhausted(): boolean {
    return this.#nextSequence > maxSequence;
  }

  /** @throws RangeError if the payload is longer than a record may be, or no sequence number is left. */
  seal(type: number, payload: Uint8Array): Buffer {
    if (payload.length > maxPlaintextBytes) throw new RangeError(`a record holds ${maxPlaintextBytes} bytes`);
    if (this.isExhausted) throw new RangeError('all sequence numbers are used up');
    const sequence = this.#nextSequence++;
    const id = this.#writeConnectionId;
    if (id.length === 0) {
      const fragment = this.#write.seal(recordContext(epoch, sequence, type), payload);
      return record(type, sequence, id, fragment);
    }
    // The true type is encrypted with the payload (RFC 9146 §4).
    const inner = Buffer.allocUnsafe(payload.length + 1);
    inner.set(payload);
    inner[payload.length] = type;
    const fragment = this.#write.seal(connectionIdContext(epoch, sequence, id), inner);
    return record(contentType.tls12Cid, sequence, id, fragment);
  }

  open({ type, sequence, connectionId, fragment }: DtlsRecord): OpenedRecord | Unopened {
    const hidden = type === contentType.tls12Cid;
    // With a connection id negotiated, records without one are dropped (RFC 9146 §3).
    if (hidden !== this.readConnectionId.length > 0) return 'not-authentic';
    if (hidden && !connectionId.equals(this.readConnectionId)) return 'not-authentic';
    if (!this.#window.isFresh(sequence)) return 'replayed';
    const context = hidden
      ? connectionIdContext(epoch, sequence, this.readConnectionId)
      : recordContext(epoch, sequence, type);
    const plaintext = this.#read.open(context, fragment);
    if (plaintext === undefined) return 'not-authentic';
    const isNewest = this.#window.accept(sequence);
    const innerLength = hidden ? withoutPadding(plaintext) - 1 : plaintext.length;
    const innerType = hidden ? plaintext[innerLength] : type;
    if (innerType === undefined || innerLength > maxPlaintextBytes) return 'malformed';
    return { type: innerType, bytes: plaintext.subarray(0, innerLength), isNewest };
  }
}

function record(type: number, sequence: number, connectionId: Buffer, fragment: Buffer): Buffer {
  const start = recordHeaderBytes + connectionId.length;
  const bytes = Buffer.allocUnsafe(start + fragment.length);
  bytes[0] = type;
  bytes.writeUInt16BE(dtls12, 1);
  writeSequence(bytes, 3, epoch, sequence);
  connectionId.copy(bytes, 11);
  bytes.writeUInt16BE(fragment.length, start - 2);
  fragment.copy(bytes, start);
  return bytes;
}

/** The length up to the last byte that is not zero (RFC 9146 §4). */
function withoutPadding(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}
