import type { Client } from 'aedes';
import { generate, type Packet } from 'mqtt-packet';
import { internalsOf } from './aedes-internals.ts';

/** Writes a packet that aedes has no way to say, in one piece. Does nothing where the connection is gone. */
export function writePacket(client: Client, version: number, packet: Packet): void {
  write(client, generate(packet, { protocolVersion: version === 5 ? 5 : 4 }));
}

/**
 * Writes the PUBACK of a message that was accepted: the same bytes in every version, since MQTT 5.0 lets a reason code of
 * success out [MQTT-3.4.2.1]. It is what an adapter writes most.
 */
export function writeAccepted(client: Client, messageId: number): void {
  write(client, Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
}

function write(client: Client, bytes: Uint8Array): void {
  const { conn } = internalsOf(client);
  if (!conn.destroyed && conn.writable) conn.write(bytes);
}
