import type { ReceivedMessage } from '@rollcall/hono-wire';
import type { TerminusOptions } from './terminus-options.ts';

export interface ReceiverOptions {
  /** Messages that may be under way or in the handler at a time. */
  readonly credit: number;
  /** Whether the subscription ends with its link (terminus expiry-policy `link-detach`, AMQP 1.0 §3.5.6). */
  readonly temporary?: boolean;
  /** Requirements for the source; default: none. */
  readonly source?: TerminusOptions;
  /** Whether the link has a session of its own: for networks that end a session over a bad address. */
  readonly ownSession?: boolean;
  /** Handles one message; the result settles it, a rejection releases it. */
  onMessage(message: ReceivedMessage, delivery: ReceivedDelivery): Promise<Settlement>;
  /** Called with the cause when the network refuses or ends the link, its session or its connection: it receives nothing then. */
  onRefused?(cause: string): void;
  /** Called at every attach, and at every loss of the link with its cause. */
  onStateChange?(attached: boolean, cause?: string): void;
}

/** How a message is settled. */
export type Settlement = 'accepted' | 'released' | 'rejected';

/** The delivery of a message. */
export interface ReceivedDelivery {
  /** Whether its link is gone: the network sends it again, and settling it here has no effect. */
  gone(): boolean;
  /** Lets another message come while this one waits, once. A session has room for 2,048 that are not settled. */
  hold(): void;
}

export interface ReceiverLink {
  /** Whether messages can arrive now. */
  attached(): boolean;
  close(): Promise<void>;
}
