import { Malformed } from './malformed.ts';

/** Reads fields one after the other, never beyond the end. A class, since several are made for each handshake. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next `count` bytes: a view, not a copy. @throws Malformed where there are fewer. */
  bytes(count: number): Buffer {
    const at = this.#pass(count);
    return this.#bytes.subarray(at, at + count);
  }

  // Numbers are read in place: a view of each would cost many times as much.
  uint8(): number {
    return this.#bytes.readUInt8(this.#pass(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#pass(2));
  }

  uint24(): number {
    return this.#bytes.readUIntBE(this.#pass(3), 3);
  }

  /** A vector whose length stands in one byte before it (RFC 5246 §4.3). */
  vector8(): Buffer {
    return this.bytes(this.uint8());
  }

  vector16(): Buffer {
    return this.bytes(this.uint16());
  }

  vector24(): Buffer {
    return this.bytes(this.uint24());
  }

  /** @throws Malformed where something is left. */
  end(): void {
    if (this.left > 0) throw new Malformed('something follows the last field');
  }

  /** Returns where the bytes begin. */
  #pass(count: number): number {
    if (count > this.left) throw new Malformed('a field is longer than what holds it');
    const at = this.#at;
    this.#at += count;
    return at;
  }
}
