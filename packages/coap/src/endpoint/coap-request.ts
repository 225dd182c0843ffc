import type { CoapOption } from '../wire/coap-message.ts';

/** A whole request: a body that came in blocks is complete. Its bytes share the memory of the datagram. */
export interface CoapRequest<Peer> {
  readonly peer: Peer;
  /** The method; see `coapCode`. */
  readonly code: number;
  /** Whether the peer wants to know that it arrived. */
  readonly confirmable: boolean;
  readonly id: number;
  readonly token: Uint8Array;
  readonly options: readonly CoapOption[];
  readonly payload: Uint8Array;
}

/** The answer to a request. The payload may be larger than a datagram: the peer gets it in blocks. */
export interface CoapResponse {
  /** 2.xx, 4.xx or 5.xx; see `coapCode`. */
  readonly code: number;
  readonly options?: readonly CoapOption[];
  readonly payload?: Uint8Array;
}
