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
  const message = {
    cmd: 'publish',
    topic: 'event',
    payload: 'x',
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
  } as const;
  const upload = (number: number): Buffer => say({ ...message, messageId: number + 1 });
  const goodbye = say({ cmd: 'disconnect', ...(protocolVersion === 5 && { reasonCode: 0 }) });
  return {
    login,
    heard: (answer) => answer.length > 3,
    upload,
    sign: say({ cmd: 'pingreq' }),
    goodbye,
    // A wildcard in the topic of a PUBLISH [MQTT-3.3.2-2]: its fixed header is as it should be.
    broken: say({ ...message, topic: 'event/#' }),
    atOnce: { bytes: Buffer.concat([login, upload(0), goodbye]), uploads: 1 },
  };
}
