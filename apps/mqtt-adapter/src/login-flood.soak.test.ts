import { describeLogins, type LoginFloodHarness } from '@rollcall/adapter-conformance';
import { createPasswordVerifier, hashPassword } from '@rollcall/device-registry';
import mqtt from 'mqtt';
import { createMqttAdapter } from './adapter.ts';

const harness: LoginFloodHarness = {
  createAdapter: () =>
    createMqttAdapter({
      plain: { host: '127.0.0.1', port: 0 },
      maxPayloadBytes: 2_048,
      authenticationRequired: true,
      connectTimeoutMs: 30_000,
      maxPendingSockets: 1_000,
      idleLimitMs: 1_800_000,
    }),
  wrong: '134',
  temporary: '159',
  logIn({ port }, username, password) {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      username,
      password,
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    return new Promise<string>((resolve) => {
      client.once('connect', () => {
        resolve('accepted');
        client.end();
      });
      client.once('error', ({ code }: Error & { code?: unknown }) => {
        resolve(String(code));
        client.end(true);
      });
      client.once('close', () => resolve('closed'));
    });
  },
};

await describeLogins('MQTT 5.0', harness, { createPasswordVerifier, hashPassword });
