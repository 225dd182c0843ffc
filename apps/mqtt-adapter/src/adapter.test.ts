import { describeAdapter } from '@rollcall/adapter-conformance';
import type { IClientOptions } from 'mqtt';
import { createMqttAdapter } from './adapter.ts';
import { bytesOf } from './testing/device-bytes.ts';
import { options } from './testing/raw-peer.ts';
import { connect } from './testing/mqtt-bed.ts';

const versions = [
  ['3.1.1', 4],
  ['5.0', 5],
] as const;

for (const [name, protocolVersion] of versions)
  describeAdapter(`MQTT ${name}`, {
    bytes: bytesOf(protocolVersion),
    createAdapter: (limits) => createMqttAdapter({ ...options, ...limits }),
    silenceMs: 90_000,
    // Server unavailable (§3.2.2.3), and connection rate exceeded (§3.2.2.2).
    temporary: protocolVersion === 5 ? '159' : '3',
    async connect({ port }, { username, password, remoteId }, heard) {
      const facts: IClientOptions = {
        username,
        password,
        clientId: remoteId,
        protocolVersion,
        keepalive: 60,
      };
      const client = await connect(port, facts, heard);
      return (
        client && {
          leave: () => client.endAsync(),
          async vanish() {
            client.stream.destroy();
            client.end(true);
          },
          // MQTT.js pings on real time, and the adapter's clock is a manual one.
          fallSilent: async () => {},
        }
      );
    },
  });
