/** Confirmable, non-confirmable, acknowledgement, reset (RFC 7252 §4). */
export type CoapMessageType = 'CON' | 'NON' | 'ACK' | 'RST';

export interface CoapOption {
  /** 0 to 65535; see `coapOption`. */
  readonly number: number;
  readonly value: Uint8Array;
}

/** One datagram (RFC 7252 §3). */
export interface CoapMessage {
  readonly type: CoapMessageType;
  /** Class in the upper three bits, detail in the lower five; see `coapCode`. */
  readonly code: number;
  /** Message id, 0 to 65535. */
  readonly id: number;
  /** Up to eight bytes. */
  readonly token: Uint8Array;
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

/** Types by their number on the wire. */
export const messageTypes = ['CON', 'NON', 'ACK', 'RST'] as const satisfies readonly CoapMessageType[];

export const noBytes: Uint8Array = new Uint8Array();
