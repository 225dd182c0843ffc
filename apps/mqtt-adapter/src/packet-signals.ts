import type { Packet } from 'mqtt-packet';
import { protocolViolation } from './protocol-violations.ts';
import type { MqttSignal } from './tracker.ts';

/** What a packet of a connected device says about it, beyond that it is there. */
export function signalOf(packet: Packet, version: number): MqttSignal | undefined {
  if (packet.cmd !== 'disconnect') return protocolViolation(packet, version);
  // MQTT 3.1.1 knows no reasons.
  if (version < 5) return { type: 'disconnect-packet' };
  const { reasonCode, properties } = packet;
  const text = properties?.reasonString;
  return { type: 'disconnect-packet', reasonCode: reasonCode ?? 0, ...(text !== undefined && { text }) };
}
