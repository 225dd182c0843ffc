import { amqpType } from './amqp-type.ts';

const utf8 = new TextEncoder();
const defaultBytes = 4_096;
/** Larger messages do not share memory with others. */
const largestShare = 1 / 8;
/** Up to this length a loop is faster than what the platform has. */
const short = 64;
const notAscii = /[^\p{ASCII}]/gu;

/** An AMQP string, encoded: for {@link AmqpWriter.raw}. */
export function encodedString(value: string): Uint8Array {
  const writer = new AmqpWriter();
  writer.string(value);
  return writer.finish();
}

/** An AMQP symbol, encoded: for {@link AmqpWriter.raw}. */
export function encodedSymbol(value: string): Uint8Array {
  const writer = new AmqpWriter();
  writer.symbol(value);
  return writer.finish();
}

/**
 * Writes AMQP 1.0 values one after the other. Compound values are opened and closed; their size and count are filled in at
 * the end. Reusable: `begin` starts a message, `finish` or `finishShared` hands it out.
 */
export class AmqpWriter {
  readonly #usualBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  /** Where the message begins: behind those that were handed out of the same memory. */
  #start = 0;
  #at = 0;

  /** @param usualBytes memory that is kept at hand; what one large message needs beyond it is let go of again. */
  constructor(usualBytes: number = defaultBytes) {
    this.#usualBytes = usualBytes;
    this.#bytes = new Uint8Array(usualBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Forgets what was written and not finished, as where the writing of a message threw. */
  begin(): void {
    this.#at = this.#start;
  }

  /** The described type of a message section (AMQP 1.0 §3.2); the section's value must follow. */
  section(descriptor: number): void {
    this.#reserve(3);
    this.#bytes[this.#at++] = 0x00;
    this.#bytes[this.#at++] = amqpType.smallUlong;
    this.#bytes[this.#at++] = descriptor;
  }

  null(): void {
    this.#byte(amqpType.null);
  }

  boolean(value: boolean): void {
    this.#byte(value ? amqpType.true : amqpType.false);
  }

  /** An unsigned integer of 32 bits. */
  uint(value: number): void {
    if (value === 0) {
      this.#byte(amqpType.uint0);
    } else if (value < 256) {
      this.#byte(amqpType.smallUint);
      this.#byte(value);
    } else {
      this.#byte(amqpType.uint);
      this.#uint32(value);
    }
  }

  /** A signed integer of 32 bits. */
  int(value: number): void {
    if (value >= -128 && value <= 127) {
      this.#byte(amqpType.smallInt);
      this.#byte(value & 0xff);
    } else {
      this.#byte(amqpType.int);
      this.#uint32(value >>> 0);
    }
  }

  /** A signed integer of 64 bits; `value` must be a safe integer. */
  long(value: number): void {
    if (value >= -128 && value <= 127) {
      this.#byte(amqpType.smallLong);
      this.#byte(value & 0xff);
    } else {
      this.#byte(amqpType.long);
      this.#int64(value);
    }
  }

  double(value: number): void {
    this.#byte(amqpType.double);
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  /** Milliseconds since the Unix epoch. */
  timestamp(value: number): void {
    this.#byte(amqpType.timestamp);
    this.#int64(value);
  }

  string(value: string): void {
    this.#text(value, amqpType.string8, amqpType.string32);
  }

  /** Symbols are ASCII (AMQP 1.0 §1.6.21), and some peers drop the link over others: those become `?`. */
  symbol(value: string): void {
    this.#reserve(value.length + 2);
    if (value.length <= short && this.#shortAscii(value, amqpType.symbol8)) return;
    this.#text(value.replace(notAscii, '?'), amqpType.symbol8, amqpType.symbol32);
  }

  binary(value: Uint8Array): void {
    const { length } = value;
    if (length < 256) {
      this.#byte(amqpType.binary8);
      this.#byte(length);
    } else {
      this.#byte(amqpType.binary32);
      this.#uint32(length);
    }
    this.raw(value);
  }

  /** A text in UTF-8 as a binary. */
  utf8(value: string): void {
    this.#text(value, amqpType.binary8, amqpType.binary32);
  }

  /** Bytes that are encoded already. */
  raw(value: Uint8Array): void {
    const { length } = value;
    this.#reserve(length);
    if (length <= short) copyShort(value, this.#bytes, this.#at);
    else this.#bytes.set(value, this.#at);
    this.#at += length;
  }

  /** Opens a list; {@link close} closes it. */
  openList(): number {
    return this.#open(amqpType.list32);
  }

  /** Opens a map; {@link close} closes it. */
  openMap(): number {
    return this.#open(amqpType.map32);
  }

  /**
   * Closes a list or a map.
   *
   * @param opened what opening it returned.
   * @param count number of values written in between; of a map, keys and values added up.
   */
  close(opened: number, count: number): void {
    const sizeAt = this.#start + opened;
    // The size counts everything behind itself: the count and the values (AMQP 1.0 §1.2.3).
    this.#view.setUint32(sizeAt, this.#at - sizeAt - 4);
    this.#view.setUint32(sizeAt + 4, count);
  }

  /** Everything written since `begin`, in memory of its own. */
  finish(): Uint8Array {
    const message = this.#bytes.slice(this.#start, this.#at);
    this.#at = this.#start;
    if (this.#bytes.length > this.#usualBytes) this.#use(new Uint8Array(this.#usualBytes));
    return message;
  }

  /**
   * Everything written since `begin`, where it was written. For what is soon let go of: the memory lives as long as any
   * message in it.
   */
  finishShared(): Uint8Array {
    if (this.#at - this.#start > this.#usualBytes * largestShare) return this.finish();
    const message = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return message;
  }

  #open(typeCode: number): number {
    this.#reserve(9);
    this.#bytes[this.#at] = typeCode;
    const opened = this.#at + 1 - this.#start;
    this.#at += 9;
    return opened;
  }

  #text(value: string, code8: number, code32: number): void {
    // Room for the worst case of UTF-8, and for the longer of both headers.
    this.#reserve(value.length * 3 + 5);
    if (value.length <= short && this.#shortAscii(value, code8)) return;
    const headerBytes = value.length * 3 < 256 ? 2 : 5;
    const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#at + headerBytes));
    if (headerBytes === 2) {
      this.#bytes[this.#at] = code8;
      this.#bytes[this.#at + 1] = written;
    } else if (written < 256) {
      this.#bytes[this.#at] = code8;
      this.#bytes[this.#at + 1] = written;
      this.#bytes.copyWithin(this.#at + 2, this.#at + 5, this.#at + 5 + written);
      this.#at += 2 + written;
      return;
    } else {
      this.#bytes[this.#at] = code32;
      this.#view.setUint32(this.#at + 1, written);
    }
    this.#at += headerBytes + written;
  }

  /** Writes a short text, unless it turns out not to be ASCII. */
  #shortAscii(value: string, code8: number): boolean {
    const bytes = this.#bytes;
    const start = this.#at + 2;
    const { length } = value;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[start + index] = unit;
    }
    bytes[start - 2] = code8;
    bytes[start - 1] = length;
    this.#at = start + length;
    return true;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  #uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  #int64(value: number): void {
    this.#reserve(8);
    const whole = Math.trunc(value);
    const high = Math.floor(whole / 2 ** 32);
    this.#view.setInt32(this.#at, high);
    this.#view.setUint32(this.#at + 4, whole - high * 2 ** 32);
    this.#at += 8;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const written = this.#bytes.subarray(this.#start, this.#at);
    const needed = written.length + length;
    const fresh = new Uint8Array(needed <= this.#usualBytes ? this.#usualBytes : 2 * needed);
    fresh.set(written);
    this.#use(fresh);
    this.#at = written.length;
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#start = 0;
    this.#at = 0;
  }
}

function copyShort(from: Uint8Array, into: Uint8Array, at: number): void {
  for (let index = 0; index < from.length; index++) into[at + index] = from[index] ?? 0;
}
