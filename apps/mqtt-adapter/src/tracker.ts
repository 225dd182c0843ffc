import type { Instant } from '@rollcall/core';
import { session, sessionTracker, type Liveness } from '@rollcall/presence';
import type { RawCause } from '@rollcall/core/events';
import { reasonCodes } from './reason-codes.ts';

export type MqttSignal =
  /** The CONNECT is accepted; `heardAt`: when the last bytes of the device arrived. */
  | { readonly type: 'accepted'; readonly liveness: Liveness; readonly heardAt?: Instant | undefined }
  /** The CONNACK is on its way: until now the device waited for us. */
  | { readonly type: 'answered' }
  /** Bytes arrived; `whole` where a control packet ends among them. */
  | { readonly type: 'arrived'; readonly whole: boolean }
  /** The device's DISCONNECT; MQTT 3.1.1 has no reason code, and no Reason String. */
  | { readonly type: 'disconnect-packet'; readonly reasonCode?: number; readonly text?: string }
  /** The network connection is gone. */
  | { readonly type: 'socket-closed'; readonly text?: string }
  /** The device broke the protocol. */
  | { readonly type: 'protocol-error'; readonly code: number; readonly text: string };

/** One MQTT connection. A packet that does not end keeps no device connected [MQTT-3.1.2-22]. */
export const mqttTracker = sessionTracker<MqttSignal>(
  {
    accepted: ({ liveness, heardAt }) => session.begins(liveness, heardAt),
    answered: () => session.answered,
    arrived: ({ whole }) => (whole ? session.heardWhole : session.heard),
    'disconnect-packet': (packet) => session.leaves('client-closed', goodbye(packet)),
    'protocol-error': ({ code, text }) => session.leaves('protocol-error', { raw: { code, text } }),
    'socket-closed': ({ text }) => session.ends('connection-lost', text === undefined ? undefined : { text }),
  },
  { code: reasonCodes.keepAliveTimeout, text: 'Keep Alive timeout' },
);

/**
 * "Disconnect with Will Message" asks for what a lost device leaves behind [MQTT-3.14.2-1], and codes from 0x80 on report an
 * error (MQTT 5.0 §2.4): neither is a clean goodbye.
 */
function goodbye({ reasonCode, text }: Extract<MqttSignal, { readonly type: 'disconnect-packet' }>): {
  readonly raw?: RawCause;
  readonly clean?: boolean;
} {
  if (reasonCode === undefined) return {};
  return {
    raw: { code: reasonCode, ...(text !== undefined && { text }) },
    ...((reasonCode === reasonCodes.disconnectWithWill || reasonCode >= reasonCodes.unspecified) && {
      clean: false,
    }),
  };
}
