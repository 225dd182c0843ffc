import type { EndedSignal } from '@rollcall/core';
import type { Packet } from 'mqtt-packet';
import { endCodes } from './end-codes.ts';
import { reasonCodes } from './reason-codes.ts';
import type { MqttSignal } from './tracker.ts';

/** Control packets a connected device may send (MQTT 5.0 §2.1.2). */
const allowed: ReadonlySet<Packet['cmd']> = new Set([
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'unsubscribe',
  'pingreq',
  'disconnect',
]);

/** What a packet of a connected device says about it, if it must not come, e.g. a second CONNECT [MQTT-3.1.0-2]. */
export function protocolViolation({ cmd }: Packet): MqttSignal | undefined {
  if (allowed.has(cmd)) return undefined;
  return { type: 'protocol-error', code: reasonCodes.protocolError, text: `unexpected ${cmd.toUpperCase()}` };
}

/** What an error that aedes reports means for the connection. */
export function errorSignal(error: Error): MqttSignal | EndedSignal {
  const { message } = error;
  // Errors of the socket carry the operating system's code.
  if ('code' in error && typeof error.code === 'string') return { type: 'socket-closed', text: error.code };
  switch (message) {
    case 'keep alive timeout':
      return {
        type: 'ended',
        reason: 'keepalive-timeout',
        raw: { code: reasonCodes.keepAliveTimeout, text: 'Keep Alive timeout' },
      };
    case 'packet too large':
      return { type: 'protocol-error', code: reasonCodes.packetTooLarge, text: 'Packet too large' };
    case 'drain timeout':
      return {
        type: 'ended',
        reason: 'limit-exceeded',
        raw: { ...endCodes['limit-exceeded'], text: 'does not read' },
      };
    default:
      return { type: 'protocol-error', code: reasonCodes.protocolError, text: message };
  }
}
