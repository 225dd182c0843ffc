import { parser, type IDisconnectPacket } from 'mqtt-packet';
import { readStrictly } from './aedes/strict-parser.ts';

/** A DISCONNECT from its bytes; `undefined` where there is none, or it is malformed, which the parser of the connection will say. */
export function readGoodbye(bytes: Uint8Array | undefined, version: number): IDisconnectPacket | undefined {
  if (!bytes) return undefined;
  let goodbye: IDisconnectPacket | undefined;
  const reader = parser({ protocolVersion: version === 5 ? 5 : 4 });
  readStrictly(reader);
  reader.on('error', () => {});
  reader.on('packet', (packet) => {
    if (packet.cmd === 'disconnect') goodbye = packet;
  });
  reader.parse(Buffer.from(bytes));
  return goodbye;
}
