import type { Client } from 'aedes';
import { packetBegun } from './aedes-internals.ts';
import { parseErrorCode } from './protocol-violations.ts';
import { writePacket } from './write-packet.ts';

/**
 * Tells a device of MQTT 5.0 that its CONNECT is malformed, as far as its version was read before the mistake (MQTT 5.0 §4.13.1).
 * MQTT 3.1.1 closes without a word [MQTT-4.8.0-1].
 */
export function answerMalformedConnect(client: Client, error: Error): void {
  const { cmd, protocolVersion } = packetBegun(client);
  if (cmd !== 'connect' || protocolVersion !== 5) return;
  writePacket(
    client,
    { version: 5 },
    { cmd: 'connack', sessionPresent: false, reasonCode: parseErrorCode(error) },
  );
}
