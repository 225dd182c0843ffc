import type { Client } from 'aedes';
import { generate, type Packet } from 'mqtt-packet';
import { internalsOf } from './aedes/aedes-internals.ts';

/** What a device asks of the packets that it is sent (MQTT 5.0 §3.1.2.11). */
export interface Addressee {
  /** Protocol level: 5 for MQTT 5.0. */
  readonly version: number;
  /** Its Maximum Packet Size; absent: any. */
  readonly maxPacketBytes?: number;
  /** Its Request Problem Information is 0. */
  readonly wantsNoReasons?: boolean;
}

/** Writes a packet that aedes has no way to say, in one piece. Does nothing where the connection is gone, or it is too long. */
export function writePacket(client: Client, to: Addressee, packet: Packet): void {
  const bytes = packetFor(to, packet);
  if (bytes) writeBytes(client, bytes);
}

/** What is too long for the device goes without its Reason String, or not at all [MQTT-3.1.2-24]. */
export function packetFor(to: Addressee, packet: Packet): Uint8Array | undefined {
  const { version, maxPacketBytes = Infinity, wantsNoReasons = false } = to;
  const options = { protocolVersion: version === 5 ? 5 : 4 };
  // Only these may still have one [MQTT-3.1.2-29].
  const maySayWhy = !wantsNoReasons || packet.cmd === 'disconnect' || packet.cmd === 'connack';
  let bytes = generate(maySayWhy ? packet : withoutReason(packet), options);
  if (bytes.length > maxPacketBytes) bytes = generate(withoutReason(packet), options);
  return bytes.length > maxPacketBytes ? undefined : bytes;
}

function withoutReason(packet: Packet): Packet {
  if (packet.cmd !== 'puback' && packet.cmd !== 'disconnect') return packet;
  const { properties: _properties, ...rest } = packet;
  return rest;
}

/**
 * Writes the PUBACK of a message that was accepted: the same bytes in every version, since MQTT 5.0 lets a reason code of
 * success out [MQTT-3.4.2.1]. It is what an adapter writes most. Of QoS 2 it is the PUBREC.
 */
export function writeAccepted(client: Client, messageId: number, qos = 1): void {
  const bytes = Buffer.allocUnsafe(4);
  bytes[0] = qos === 2 ? 0x50 : 0x40;
  bytes[1] = 2;
  bytes[2] = messageId >> 8;
  bytes[3] = messageId & 0xff;
  writeBytes(client, bytes);
}

/** Does nothing where the connection is gone. */
export function writeBytes(client: Client, bytes: Uint8Array): void {
  const { conn } = internalsOf(client);
  if (!conn.destroyed && conn.writable) conn.write(bytes);
}
