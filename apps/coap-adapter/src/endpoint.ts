import type { ListenAddress } from '@rollcall/adapter-kit';

/** A port that devices send their requests to. */
export interface Endpoint {
  readonly listening: ListenAddress;
  /** Lets no new device in, and lets nobody wait any longer. */
  stopAccepting(): void;
  close(): void;
}
