import type { ListenAddress } from '@rollcall/adapter-kit';
import type { CoapStatistics } from '@rollcall/coap';

/** A port that devices send their requests to. */
export interface Endpoint {
  readonly listening: ListenAddress;
  readonly statistics: CoapStatistics;
  /** No new device may connect, and devices that wait for a command are answered. */
  stopAccepting(): void;
  close(): void;
}
