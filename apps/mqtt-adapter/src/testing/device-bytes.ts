import type { DeviceBytes } from '@rollcall/adapter-conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate, type Packet } from 'mqtt-packet';

/** What a device says, in bytes. */
export function bytesOf(protocolVersion: 4 | 5): DeviceBytes & { readonly goodbye: Uint8Array } {
  const say = (packet: Packet): Buffer => generate(packet, { protocolVersion });
  const login = say({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion,
    clean: true,
    clientId: 'unit-1',
    keepalive: 60,
    username: 'thermostat-7@acme',
    password: Buffer.from(scriptedPassword),
  });
  const upload = (number: number): Buffer =>
    say({
      cmd: 'publish',
      topic: 'event',
      payload: 'x',
      qos: 1,
      messageId: number + 1,
      dup: false,
      retain: false,
    });
  const goodbye = say({ cmd: 'disconnect', ...(protocolVersion === 5 && { reasonCode: 0 }) });
  return {
    login,
    heard: (answer) => answer.length > 3,
    upload,
    sign: say({ cmd: 'pingreq' }),
    goodbye,
    // A control packet of type 0 (§2.1.2).
    broken: Buffer.from([0, 0]),
    atOnce: { bytes: Buffer.concat([login, upload(0), goodbye]), uploads: 1 },
  };
}
