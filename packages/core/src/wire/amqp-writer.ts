/** Type codes of AMQP 1.0 §1.6 that we write. */
const code = {
  null: 0x40,
  true: 0x41,
  false: 0x42,
  uint0: 0x43,
  smallUint: 0x52,
  smallUlong: 0x53,
  smallInt: 0x54,
  smallLong: 0x55,
  uint: 0x70,
  int: 0x71,
  long: 0x81,
  double: 0x82,
  timestamp: 0x83,
  binary8: 0xa0,
  string8: 0xa1,
  symbol8: 0xa3,
  binary32: 0xb0,
  string32: 0xb1,
  symbol32: 0xb3,
  list32: 0xd0,
  map32: 0xd1,
} as const;

const utf8 = new TextEncoder();
const initialBytes = 4_096;
/** A buffer that one large message made larger than this is not kept. */
const maxKeptBytes = 65_536;
/** Up to this length a loop is faster than the platform's encoder. */
const shortText = 64;
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

function ownCopy(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}

/**
 * Writes AMQP 1.0 values one after the other. Compound values are opened and closed; their size and count are filled
 * in at the end. Reusable: `begin` starts a message, `finish` hands out a copy of it.
 */
export class AmqpWriter {
  #bytes = new Uint8Array(initialBytes);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Forgets what was written and not finished, as where the writing of a message threw. */
  begin(): void {
    this.#at = 0;
  }

  /** The described type of a message section (AMQP 1.0 §3.2); the section's value must follow. */
  section(descriptor: number): void {
    this.#reserve(3);
    this.#bytes[this.#at++] = 0x00;
    this.#bytes[this.#at++] = code.smallUlong;
    this.#bytes[this.#at++] = descriptor;
  }

  null(): void {
    this.#byte(code.null);
  }

  boolean(value: boolean): void {
    this.#byte(value ? code.true : code.false);
  }

  /** An unsigned integer of 32 bits. */
  uint(value: number): void {
    if (value === 0) {
      this.#byte(code.uint0);
    } else if (value < 256) {
      this.#byte(code.smallUint);
      this.#byte(value);
    } else {
      this.#byte(code.uint);
      this.#uint32(value);
    }
  }

  /** A signed integer of 32 bits. */
  int(value: number): void {
    if (value >= -128 && value <= 127) {
      this.#byte(code.smallInt);
      this.#byte(value & 0xff);
    } else {
      this.#byte(code.int);
      this.#uint32(value >>> 0);
    }
  }

  /** A signed integer of 64 bits; `value` must be a safe integer. */
  long(value: number): void {
    if (value >= -128 && value <= 127) {
      this.#byte(code.smallLong);
      this.#byte(value & 0xff);
    } else {
      this.#byte(code.long);
      this.#int64(value);
    }
  }

  double(value: number): void {
    this.#byte(code.double);
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  /** Milliseconds since the Unix epoch. */
  timestamp(value: number): void {
    this.#byte(code.timestamp);
    this.#int64(value);
  }

  string(value: string): void {
    this.#text(value, code.string8, code.string32);
  }

  /** Symbols are ASCII (AMQP 1.0 §1.6.21), and some peers drop the link over others: those become `?`. */
  symbol(value: string): void {
    this.#text(value.replace(notAscii, '?'), code.symbol8, code.symbol32);
  }

  binary(value: Uint8Array): void {
    const { length } = value;
    if (length < 256) {
      this.#byte(code.binary8);
      this.#byte(length);
    } else {
      this.#byte(code.binary32);
      this.#uint32(length);
    }
    this.raw(value);
  }

  /** Bytes that are encoded already. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Opens a list; the result closes it, given the number of values written in between. */
  list(): (count: number) => void {
    return this.#compound(code.list32);
  }

  /** Opens a map; the result closes it, given the number of keys and values written in between, added up. */
  map(): (count: number) => void {
    return this.#compound(code.map32);
  }

  /** A copy of everything written since `begin`, made by `copy`. */
  finish(copy: (bytes: Uint8Array) => Uint8Array = ownCopy): Uint8Array {
    const written = copy(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    if (this.#bytes.length > maxKeptBytes) this.#use(new Uint8Array(initialBytes));
    return written;
  }

  #compound(typeCode: number): (count: number) => void {
    this.#byte(typeCode);
    const sizeAt = this.#at;
    this.#reserve(8);
    this.#at += 8;
    return (count) => {
      // The size counts everything behind itself: the count and the values (AMQP 1.0 §1.2.3).
      this.#view.setUint32(sizeAt, this.#at - sizeAt - 4);
      this.#view.setUint32(sizeAt + 4, count);
    };
  }

  #text(value: string, short: number, long: number): void {
    // Room for the worst case of UTF-8, and for the longer of both headers.
    this.#reserve(value.length * 3 + 5);
    if (value.length <= shortText && this.#shortAscii(value, short)) return;
    const headerBytes = value.length * 3 < 256 ? 2 : 5;
    const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#at + headerBytes));
    if (headerBytes === 2) {
      this.#bytes[this.#at] = short;
      this.#bytes[this.#at + 1] = written;
    } else if (written < 256) {
      this.#bytes[this.#at] = short;
      this.#bytes[this.#at + 1] = written;
      this.#bytes.copyWithin(this.#at + 2, this.#at + 5, this.#at + 5 + written);
      this.#at += 2 + written;
      return;
    } else {
      this.#bytes[this.#at] = long;
      this.#view.setUint32(this.#at + 1, written);
    }
    this.#at += headerBytes + written;
  }

  /** Writes a short text, unless it turns out not to be ASCII. */
  #shortAscii(value: string, short: number): boolean {
    const { length } = value;
    const start = this.#at + 2;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      this.#bytes[start + index] = unit;
    }
    this.#bytes[this.#at] = short;
    this.#bytes[this.#at + 1] = length;
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
    this.#view.setBigInt64(this.#at, BigInt(Math.trunc(value)));
    this.#at += 8;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + length));
    larger.set(this.#bytes);
    this.#use(larger);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
