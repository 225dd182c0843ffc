import type { CoapRequest } from './coap-request.ts';
import type { Deadline } from './deadlines.ts';

/** What is needed of a request until it is answered: the part of an exchange that is not kept for copies of the request. */
export interface ActiveRequest<Peer> {
  readonly request: CoapRequest<Peer>;
  readonly receivedAt: number;
  /** The path by which it came, if that path is not known to be the peer's. */
  readonly path: unknown;
  /** How many bytes the answer may have, all transmissions together. */
  readonly budgetBytes: number;
  /** How long after `receivedAt` it is acknowledged without an answer; negative: never. */
  ackAfterMs: number;
  acknowledgement: Deadline | undefined;
}
