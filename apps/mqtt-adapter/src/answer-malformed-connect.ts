import type { Client } from 'aedes';
import { packetBegun } from './aedes/aedes-internals.ts';
import { parseErrorCode } from './protocol-violations.ts';
import { writePacket } from './write-packet.ts';

/** A return code of MQTT 3.1.1 §3.2.2.3. */
const unacceptableProtocolVersion = 0x01;

/**
 * Tells a device of MQTT 5.0 that its CONNECT is malformed, as far as its version was read before the mistake (MQTT 5.0 §4.13.1).
 * MQTT 3.1.1 closes without a word [MQTT-4.8.0-1]. A device of another version hears that it is not spoken, in the form of MQTT 3.1.1
 * [MQTT-3.1.2-2].
 *
 * @returns whether it is a CONNECT that is malformed, answered or not.
 */
export function answerMalformedConnect(client: Client, error: Error): boolean {
  const { cmd, protocolVersion } = packetBegun(client);
  if (cmd !== 'connect') return false;
  if (protocolVersion === undefined) return true;
  if (protocolVersion < 3 || protocolVersion > 5)
    writePacket(
      client,
      { version: 4 },
      { cmd: 'connack', sessionPresent: false, returnCode: unacceptableProtocolVersion },
    );
  if (protocolVersion === 5)
    writePacket(
      client,
      { version: 5 },
      { cmd: 'connack', sessionPresent: false, reasonCode: parseErrorCode(error) },
    );
  return true;
}
