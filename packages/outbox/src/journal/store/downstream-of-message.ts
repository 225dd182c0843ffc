import type { TenantDownstream } from '@rollcall/core/sink';
import type { PropertyValue } from '@rollcall/core/internal';

/** Sections of a message (AMQP 1.0 §3.2) that show a tenant's settings. */
const header = 0x70;
const applicationProperties = 0x74;
/** Properties that come from the event, and not from the tenant's settings. */
const ownProperty = /^(?:device_id|qos|orig_adapter|cloudEvents_.*|rollcall_.*)$/;

/**
 * What the settings of the tenant added to a connection event, read from its AMQP 1.0 message: journals of versions 1 to 3 kept the
 * message instead. Reads what the encoder of these versions wrote, and nothing else.
 *
 * @throws RangeError if the message is something else.
 */
export function downstreamOfMessage(message: Uint8Array): TenantDownstream {
  const reader = new Reader(message);
  const defaults: Record<string, PropertyValue> = {};
  let maxTtlSeconds: number | undefined;
  for (;;) {
    const section = reader.section();
    if (section === undefined) break;
    const value = reader.value();
    if (section === header && Array.isArray(value) && typeof value[2] === 'number')
      maxTtlSeconds = value[2] / 1_000;
    if (section === applicationProperties && Array.isArray(value)) addDefaults(value, defaults);
  }
  return { defaults, ...(maxTtlSeconds !== undefined && { maxTtlSeconds }) };
}

function addDefaults(pairs: readonly unknown[], defaults: Record<string, PropertyValue>): void {
  for (let index = 0; index < pairs.length; index += 2) {
    const name = String(pairs[index]);
    if (!ownProperty.test(name)) defaults[name] = pairs[index + 1] as PropertyValue;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The descriptor of the next section; `undefined` at the end. */
  section(): number | undefined {
    if (this.#at >= this.#bytes.byteLength) return undefined;
    if (this.#take(1) !== 0x00 || this.#take(1) !== 0x53) throw new RangeError('no section of a message');
    return this.#take(1);
  }

  /** The next value (AMQP 1.0 §1.6); for a list its values, for a map its keys and values in turn. */
  value(): unknown {
    const code = this.#take(1);
    switch (code) {
      case 0x40:
        return null;
      case 0x41:
        return true;
      case 0x42:
        return false;
      case 0x43:
        return 0;
      case 0x52:
        return this.#take(1);
      case 0x54:
      case 0x55:
        return this.#view.getInt8(this.#skip(1));
      case 0x70:
        return this.#take(4);
      case 0x71:
        return this.#view.getInt32(this.#skip(4));
      case 0x81:
      case 0x83:
        return Number(this.#view.getBigInt64(this.#skip(8)));
      case 0x82:
        return this.#view.getFloat64(this.#skip(8));
      case 0xa0:
      case 0xa1:
      case 0xa3:
        return this.#text(this.#take(1));
      case 0xb0:
      case 0xb1:
      case 0xb3:
        return this.#text(this.#take(4));
      case 0xd0:
      case 0xd1: {
        this.#skip(4);
        return Array.from({ length: this.#take(4) }, () => this.value());
      }
      default:
        throw new RangeError(`type code ${code} is not written into events`);
    }
  }

  #text(length: number): string {
    const start = this.#skip(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  #take(size: 1 | 4): number {
    const at = this.#skip(size);
    return size === 1 ? this.#view.getUint8(at) : this.#view.getUint32(at);
  }

  /** Where the next `length` bytes begin. */
  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.byteLength) throw new RangeError('the message is cut off');
    this.#at += length;
    return at;
  }
}
