import type { Instant } from '@rollcall/core';
import { session, sessionTracker } from '@rollcall/presence';

export type TemplateSignal =
  /** The login is accepted; `heardAt`: when the last bytes of the device arrived. */
  | { readonly type: 'accepted'; readonly idleLimitMs: number; readonly heardAt?: Instant | undefined }
  /** The answer to the login is on its way: until now the device waited for us. */
  | { readonly type: 'answered' }
  /** Bytes arrived; `whole` where a request ends among them. */
  | { readonly type: 'arrived'; readonly whole: boolean }
  /** The device says goodbye. */
  | { readonly type: 'bye' }
  /** The network connection is gone. */
  | { readonly type: 'socket-closed'; readonly text?: string }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly text: string };

/** One TCP connection: it begins when its login is accepted. Half a request keeps no device connected. */
export const templateTracker = sessionTracker<TemplateSignal>({
  accepted: ({ idleLimitMs, heardAt }) =>
    session.begins({ maxSilenceMs: idleLimitMs, detectWithinMs: idleLimitMs }, heardAt),
  answered: () => session.answered,
  arrived: ({ whole }) => (whole ? session.heardWhole : session.heard),
  bye: () => session.leaves('client-closed'),
  'protocol-error': ({ text }) => session.leaves('protocol-error', { raw: { text } }),
  'socket-closed': ({ text }) => session.ends('connection-lost', text === undefined ? undefined : { text }),
});
