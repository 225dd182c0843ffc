import type { Packet } from 'mqtt-packet';
import { protocolViolation } from './protocol-violations.ts';
import { reasonCodes } from './reason-codes.ts';
import type { MqttSignal } from './tracker.ts';

/** What the CONNECT said that later packets depend on. */
export interface Introduced {
  readonly version: number;
  readonly sessionExpiryAsked: boolean;
}

/** What a packet of a connected device says about it, beyond that it is there. */
export function signalOf(
  packet: Packet,
  { version, sessionExpiryAsked }: Introduced,
): MqttSignal | undefined {
  if (packet.cmd !== 'disconnect') return protocolViolation(packet, version);
  // MQTT 3.1.1 knows no reasons.
  if (version < 5) return { type: 'disconnect-packet' };
  // Such a packet is no valid goodbye (MQTT 5.0 §3.14.2.2.2).
  if (!sessionExpiryAsked && (packet.properties?.sessionExpiryInterval ?? 0) > 0)
    return {
      type: 'protocol-error',
      code: reasonCodes.protocolError,
      text: 'a DISCONNECT asks for a session that the CONNECT did not ask for',
    };
  const { reasonCode, properties } = packet;
  const text = properties?.reasonString;
  return { type: 'disconnect-packet', reasonCode: reasonCode ?? 0, ...(text !== undefined && { text }) };
}
