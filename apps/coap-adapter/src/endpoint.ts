import type { ListenAddress } from '@rollcall/adapter-kit';
import type { CoapStatistics } from '@rollcall/coap';

/** A port that devices send their requests to. */
export interface Endpoint {
  readonly listening: ListenAddress;
  readonly statistics: CoapStatistics;
  /** Lets no new device in, and lets nobody wait any longer. */
  stopAccepting(): void;
  close(): void;
}
