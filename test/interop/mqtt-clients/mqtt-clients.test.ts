import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { password, tenants } from '../../faults/support/stage.ts';
import { stageForDevices, type ForeignDevices } from '../foreign-devices.ts';
import { fromMaven, type MavenDelivery } from '../networks/from-maven.ts';
import { hasPackage } from '../support.ts';

// Devices on MQTT clients of other makes, in one process: a wrong password, then telemetry, an event and a goodbye.

const pom = fileURLToPath(new URL('mqtt-clients.pom.xml', import.meta.url));
const source = fileURLToPath(new URL('MqttDevices.java', import.meta.url));
const delivery: MavenDelivery = {
  name: 'MQTT clients (HiveMQ, Eclipse Paho, Vert.x)',
  release: 'mqtt-clients-1',
  commands: ['javac'],
  goal: (into) => ['-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${into}`],
};
const libraries = hasPackage('python3-qpid-proton') ? fromMaven(delivery) : undefined;

/** In the order in which they come, each as a device of its own; with the code for a wrong password. */
const clients = [
  ['hivemq-3', 'MQTT 3.1.1', 0x04],
  ['hivemq-5', 'MQTT 5.0', 0x86],
  ['paho-3', 'MQTT 3.1.1', 0x04],
  ['paho-5', 'MQTT 5.0', 0x86],
  ['vertx-3', 'MQTT 3.1.1', 0x04],
] as const;

describe.runIf(libraries !== undefined)('devices on MQTT clients of other makes', () => {
  let devices: ForeignDevices;
  let told: readonly string[] = [];
  let uploads: readonly string[] = [];

  beforeAll(async () => {
    devices = await stageForDevices({ protocol: 'mqtt', devices: clients.length });
    const [tenant] = tenants;
    told = await devices.run('java', [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', join(libraries ?? '', '*'), source],
      ...[String(devices.stage.port), tenant, password],
    ]);
    uploads = await devices.uploads(clients.length, clients.length);
    await devices.connections(2 * clients.length);
  });
  afterAll(() => devices.close());

  test.each(clients)(
    '%s is refused with a wrong password, and leaves after its uploads',
    (client, _, code) => {
      expect(told.filter((line) => line.startsWith(`${client} `))).toEqual([
        `${client} refused ${code}`,
        `${client} left`,
      ]);
    },
  );

  test.each(clients.map(([client], nth) => [client, nth] as const))(
    'telemetry and the event of %s arrive, each once',
    (_client, nth) => {
      const lengths = uploads.map(({ length }) => length);
      for (const length of [2 * nth + 1, 2 * nth + 2])
        expect(lengths.filter((each) => each === length)).toHaveLength(1);
    },
  );

  test.each(clients)('%s is reported as connected over %s, and as client-closed', (client, protocol) => {
    const events = devices.record.events.filter(({ remoteId }) => remoteId === client);
    expect(events).toMatchObject([
      {
        type: 'connected',
        protocol,
        device: { device: `device-${clients.findIndex(([name]) => name === client)}` },
      },
      { type: 'disconnected', reason: 'client-closed', clean: true },
    ]);
  });
});
