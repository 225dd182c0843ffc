import { contentType } from '../wire/content-type.ts';
import type { SecureRecords } from '../crypto/secure-records.ts';
import { changeCipherSpec, sendFlight, type FlightItem } from '../server/flight.ts';
import { handshakeMessage } from '../wire/handshake-message.ts';
import type { DtlsClientOptions } from './client-options.ts';

const longestRetransmitMs = 60_000;
const maxTransmissions = 12;
const defaultMaxDatagramBytes = 1_232;
const defaultRetransmitMs = 1_000;

/** The flights of a client, each sent again until `stop`, and the transcript that they are part of. */
export class OutgoingMessages {
  /** The messages of both sides so far. The client adds those of the server. */
  transcript: Buffer[] = [];
  readonly #options: DtlsClientOptions;
  #flight: FlightItem[] = [];
  #nextMessage = 0;
  #nextPlainSequence = 0;
  #transmissions = 0;
  #retransmitMs: number;
  #isAwaited = false;
  #disarm = (): void => {};

  constructor(options: DtlsClientOptions) {
    this.#options = options;
    this.#retransmitMs = options.retransmitMs ?? defaultRetransmitMs;
  }

  /** The sequence number of the next message. */
  get nextSequence(): number {
    return this.#nextMessage;
  }

  /** Begins another flight: later messages belong to it. */
  beginFlight(): void {
    this.#flight = [];
  }

  say(type: number, body: Buffer, isProtected = false): void {
    const { tamper } = this.#options;
    const message = handshakeMessage(type, this.#nextMessage++, tamper?.message?.(type, body) ?? body);
    this.transcript.push(message);
    const fragments = isProtected ? [message] : (tamper?.fragments?.([message]) ?? [message]);
    for (const fragment of fragments)
      this.#flight.push({ type: contentType.handshake, body: fragment, isProtected });
  }

  sayChangeCipherSpec(): void {
    this.#flight.push(changeCipherSpec);
  }

  /** Counts transmissions from the beginning again: the server has answered. */
  expectNewAnswer(): void {
    this.#transmissions = 0;
    this.#retransmitMs = this.#options.retransmitMs ?? defaultRetransmitMs;
  }

  /** Sends the flight until `stop`, more and more rarely. */
  transmit(records: SecureRecords | undefined): void {
    const { clock } = this.#options;
    this.#isAwaited = true;
    this.transmitOnce(records);
    this.#disarm();
    // The answer may have come before `send` returned.
    if (!this.#isAwaited || this.#transmissions >= maxTransmissions) return;
    this.#disarm = clock.at(clock.monotonic() + this.#retransmitMs, () => this.transmit(records));
    this.#retransmitMs = Math.min(2 * this.#retransmitMs, longestRetransmitMs);
  }

  transmitOnce(records: SecureRecords | undefined): void {
    const { maxDatagramBytes = defaultMaxDatagramBytes } = this.#options;
    this.#transmissions++;
    this.#nextPlainSequence = sendFlight(this.#flight, {
      records,
      nextPlainSequence: this.#nextPlainSequence,
      maxDatagramBytes,
      send: (datagram) => this.#options.send(datagram),
    });
  }

  /** The answer is there. */
  stop(): void {
    this.#isAwaited = false;
    this.#disarm();
  }
}
