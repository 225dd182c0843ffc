import { describeBalancers } from '@rollcall/adapter-conformance';
import { generate } from 'mqtt-packet';
import { createMqttAdapter } from './adapter.ts';

describeBalancers('MQTT', {
  createAdapter: (listeners) =>
    createMqttAdapter({
      ...listeners,
      maxPayloadBytes: 2_048,
      authenticationRequired: true,
      connectTimeoutMs: 5_000,
      maxPendingSockets: 1_000,
      idleLimitMs: 60_000,
    }),
  hello: ({ username, password }) =>
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: 'unit-1',
      keepalive: 60,
      username,
      password: Buffer.from(password),
    }),
});
