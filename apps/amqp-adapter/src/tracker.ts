import type { Instant } from '@rollcall/core';
import { session, sessionTracker } from '@rollcall/presence';
import type { RawCause } from '@rollcall/core/events';

export type AmqpSignal =
  /** SASL succeeded, and the adapter's Open is about to answer the peer's; `heardAt`: when the last bytes of the device arrived. */
  | { readonly type: 'accepted'; readonly idleTimeoutMs: number; readonly heardAt?: Instant | undefined }
  /** The adapter's Open is on its way: until now the device waited for us. */
  | { readonly type: 'answered' }
  /** Bytes arrived. */
  | { readonly type: 'arrived' }
  /** A frame that had arrived is whole; empty ones too. */
  | { readonly type: 'frame' }
  /** The peer's Close; `error` where it says that something is wrong. */
  | { readonly type: 'close'; readonly error?: RawCause }
  /** The network connection is gone. */
  | { readonly type: 'socket-closed'; readonly text?: string }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly code: string; readonly text: string };

/** One AMQP connection: it begins when Opens are exchanged. Bytes that make no whole frame keep no device connected. */
export const amqpTracker = sessionTracker<AmqpSignal>({
  accepted: ({ idleTimeoutMs, heardAt }) =>
    session.begins({ maxSilenceMs: idleTimeoutMs, detectWithinMs: idleTimeoutMs }, heardAt),
  answered: () => session.answered,
  arrived: () => session.heard,
  frame: () => session.wasWhole,
  // A device that closes with an error does not leave as the protocol intends.
  close: ({ error }) => session.leaves('client-closed', error && { raw: error, clean: false }),
  'protocol-error': ({ code, text }) => session.leaves('protocol-error', { raw: { code, text } }),
  'socket-closed': ({ text }) => session.ends('connection-lost', text === undefined ? undefined : { text }),
});
