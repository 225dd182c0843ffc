import type { Client } from 'aedes';
import { writeToStream, type Packet } from 'mqtt-packet';
import { internalsOf } from './aedes-internals.ts';

/** Writes a packet that aedes has no way to say. Does nothing where the connection is gone. */
export function writePacket(client: Client, version: number, packet: Packet): void {
  const { conn } = internalsOf(client);
  if (conn.destroyed || !conn.writable) return;
  writeToStream(packet, conn, { protocolVersion: version === 5 ? 5 : 4 });
}
