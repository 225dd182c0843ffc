import { parser } from 'mqtt-packet';
import { readStrictly } from './aedes/strict-parser.ts';
import type { Scanned } from './frame-scanner.ts';
import { signalOf, type Introduced } from './packet-signals.ts';
import { parseErrorCode } from './protocol-violations.ts';
import type { MqttSignal } from './tracker.ts';

/**
 * Reads ahead of aedes, which reads no further while it handles what came before: how a device ends its connection counts when that
 * arrives, and of several ends the first. It reads what aedes does not read yet, and a piece in which a DISCONNECT ends.
 */
export class Foresight {
  #introduced: Introduced | undefined;
  /** What came behind the CONNECT, until that says how to read it. */
  #unread: Uint8Array[] = [];
  /** Of all that waits. */
  #reader: ReturnType<typeof createReader> | undefined;

  /** The device is let in. @returns how it ends its connection in what came meanwhile. */
  begin(introduced: Introduced): MqttSignal | undefined {
    this.#introduced = introduced;
    const unread = this.#unread;
    this.#unread = [];
    let end: MqttSignal | undefined;
    for (const bytes of unread) end ??= this.#read(bytes, introduced);
    return end;
  }

  /**
   * @param waits whether aedes reads it later.
   * @returns how the device ends its connection in it.
   */
  arrived(bytes: Uint8Array, { begins, goodbye }: Scanned, waits: boolean): MqttSignal | undefined {
    if (!waits && !goodbye) {
      this.#reader = undefined;
      return undefined;
    }
    const goesOn = this.#reader !== undefined || this.#unread.length > 0;
    const whole = begins === undefined ? goodbye : bytes.subarray(begins);
    const piece = goesOn ? bytes : whole;
    if (!piece) return undefined;
    if (this.#introduced) return this.#read(piece, this.#introduced);
    this.#unread.push(piece);
    return undefined;
  }

  /** Nothing waits any more. */
  rest(): void {
    this.#reader = undefined;
  }

  #read(bytes: Uint8Array, introduced: Introduced): MqttSignal | undefined {
    this.#reader ??= createReader(introduced);
    return this.#reader(bytes);
  }
}

/** @returns reads bytes from where a packet begins, and says how they end the connection. */
function createReader(introduced: Introduced): (bytes: Uint8Array) => MqttSignal | undefined {
  let end: MqttSignal | undefined;
  const reader = parser({ protocolVersion: introduced.version === 5 ? 5 : 4 });
  readStrictly(reader);
  reader.on('error', (error: Error) => {
    end ??= { type: 'protocol-error', code: parseErrorCode(error), text: error.message };
  });
  reader.on('packet', (packet) => (end ??= signalOf(packet, introduced)));
  return (bytes) => {
    if (!end) reader.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return end;
  };
}
