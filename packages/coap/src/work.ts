import type { CoapRequest } from './coap-exchange.ts';
import type { Deadline } from './deadlines.ts';

/** A request that its handler works on. */
export interface Work<Peer> {
  readonly request: CoapRequest<Peer>;
  readonly receivedAt: number;
  /** By which path, where that is not known to be the peer's. */
  readonly path: unknown;
  /** How many bytes the answer may have, all transmissions together. */
  readonly budgetBytes: number;
  /** Whether the handler has returned, with a promise. */
  isPending: boolean;
  isAcknowledged: boolean;
  ackAfterMs: number;
  acknowledgement: Deadline | undefined;
}
