import { parser } from 'mqtt-packet';
import { bytesPerTurn } from './aedes/read-in-turns.ts';
import { readStrictly } from './aedes/strict-parser.ts';
import type { Scanned } from './frame-scanner.ts';
import { signalOf, type Introduced } from './packet-signals.ts';
import { parseErrorCode } from './protocol-violations.ts';
import type { MqttSignal } from './tracker.ts';

/** It is never written to. */
const nothing: readonly Uint8Array[] = [];
/** Of a packet that is not whole: each byte may be one. */
const maxPieces = 64;

/**
 * Reads ahead of aedes, which reads no further while it handles what came before: how a device ends its connection counts when that
 * arrives, and of several ends the first. It reads what aedes does not read yet, and a piece in which a DISCONNECT ends: as much of
 * it in one turn of the event loop as aedes.
 */
export class Foresight {
  readonly #found: (end: MqttSignal) => void;
  #introduced: Introduced | undefined;
  /** What came behind the CONNECT, until that says how to read it; then what is for later turns. */
  #unread: Uint8Array[] = [];
  /** What has come of a packet that is not whole: aedes may have read that, and the rest of it may wait. */
  #begun: readonly Uint8Array[] = nothing;
  /** Of all that waits. */
  #reader: ReturnType<typeof createReader> | undefined;
  #leftOfTurn = bytesPerTurn;
  #awaitsTurn = false;

  /** @param found is called with an end that is read in a later turn. */
  constructor(found: (end: MqttSignal) => void) {
    this.#found = found;
  }

  /** The device is let in. @returns how it ends its connection in what came meanwhile. */
  begin(introduced: Introduced): MqttSignal | undefined {
    this.#introduced = introduced;
    return this.finish();
  }

  /**
   * @param waits whether aedes reads it later.
   * @returns how the device ends its connection in it, as far as it is read in this turn.
   */
  arrived(bytes: Uint8Array, scanned: Scanned, waits: boolean): MqttSignal | undefined {
    const begun = this.#begun;
    this.#begun = begunBehind(begun, bytes, scanned);
    const { begins, goodbye } = scanned;
    const isBehind = this.#unread.length > 0;
    if (!waits && !goodbye && !isBehind) {
      this.#reader = undefined;
      return undefined;
    }
    const goesOn = this.#reader !== undefined || isBehind;
    const whole = begins === undefined ? goodbye : bytes.subarray(begins);
    const piece = goesOn || begun.length > 0 ? bytes : whole;
    if (!piece) return undefined;
    if (goesOn) this.#unread.push(piece);
    else this.#unread.push(...begun, piece);
    return this.#introduced && this.#readInTurn(this.#introduced);
  }

  /** Nothing waits any more. */
  rest(): void {
    if (this.#unread.length === 0) this.#reader = undefined;
  }

  /** @returns how the device ends its connection in what is left for later turns: what happens next must not come before it. */
  finish(): MqttSignal | undefined {
    const unread = this.#unread;
    if (!this.#introduced || unread.length === 0) return undefined;
    this.#unread = [];
    let end: MqttSignal | undefined;
    for (const bytes of unread) end = this.#read(bytes, this.#introduced);
    return end;
  }

  #readInTurn(introduced: Introduced): MqttSignal | undefined {
    let end: MqttSignal | undefined;
    for (let bytes = this.#unread[0]; bytes && this.#leftOfTurn > 0; bytes = this.#unread[0]) {
      const part = bytes.subarray(0, this.#leftOfTurn);
      this.#leftOfTurn -= part.length;
      if (part.length < bytes.length) this.#unread[0] = bytes.subarray(part.length);
      else this.#unread.shift();
      end = this.#read(part, introduced);
    }
    if (!this.#awaitsTurn) this.#awaitNextTurn(introduced);
    return end;
  }

  #awaitNextTurn(introduced: Introduced): void {
    this.#awaitsTurn = true;
    setImmediate(() => {
      this.#awaitsTurn = false;
      this.#leftOfTurn = bytesPerTurn;
      const later = this.#unread.length > 0 ? this.#readInTurn(introduced) : undefined;
      if (later) this.#found(later);
    });
  }

  #read(bytes: Uint8Array, introduced: Introduced): MqttSignal | undefined {
    this.#reader ??= createReader(introduced);
    return this.#reader(bytes);
  }
}

/** What has come of the packet that does not end in these bytes. */
function begunBehind(
  begun: readonly Uint8Array[],
  bytes: Uint8Array,
  { unfinished = 0 }: Scanned,
): readonly Uint8Array[] {
  if (unfinished === 0) return nothing;
  if (unfinished <= bytes.length) return [bytes.subarray(bytes.length - unfinished)];
  return begun.length < maxPieces ? [...begun, bytes] : [Buffer.concat([...begun, bytes])];
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
