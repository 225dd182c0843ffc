import type { Clock } from '@rollcall/core/environment';
import type { Dialled } from './dial.ts';
import type { AmqpConnectionOptions } from './options.ts';
import type { AttachRefused } from './send-outcome.ts';

/** What links need from their connection. */
export interface LinkHost {
  readonly options: AmqpConnectionOptions;
  /** The clock for time-outs of the peer: it stops while this process stands still, since the peer is then not late. */
  readonly patience: Clock;
  /** The present connection. */
  current(): Dialled | undefined;
  /** Whether there will never be a connection again. */
  closed(): boolean;
  /** Calls `listener` whenever there is a new connection, and at once where there is one. The result unsubscribes. */
  onDialled(listener: () => void): () => void;
  /** Calls `listener` whenever the connection was lost, and when it is closed. The result unsubscribes. */
  onLost(listener: (cause: string) => void): () => void;
  /** Calls `listener` whenever the peer ended the session and the connection stays. The result unsubscribes. */
  onSessionEnded?(listener: (why: AttachRefused) => void): () => void;
}
