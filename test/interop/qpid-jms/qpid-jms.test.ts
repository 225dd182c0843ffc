import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stageForDevices, type ForeignDevices } from '../foreign-devices.ts';
import { fromMaven, type MavenDelivery } from '../networks/from-maven.ts';
import { hasPackage } from '../support.ts';

// A device on Apache Qpid JMS, which looks at no greatest size, and has transactions.

const pom = fileURLToPath(new URL('qpid-jms.pom.xml', import.meta.url));
const source = fileURLToPath(new URL('JmsDevice.java', import.meta.url));
const delivery: MavenDelivery = {
  name: 'Apache Qpid JMS',
  release: 'qpid-jms-2.6.1',
  commands: ['javac'],
  goal: (into) => ['-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${into}`],
};
const libraries = hasPackage('python3-qpid-proton') ? fromMaven(delivery) : undefined;

describe.runIf(libraries !== undefined)('a device on Qpid JMS', () => {
  let devices: ForeignDevices;

  beforeAll(async () => {
    devices = await stageForDevices({ protocol: 'amqp', devices: 1 });
  });
  afterAll(() => devices.close());

  /** Each step: what to do, address, bytes. */
  function device(
    steps: readonly string[],
    { options = '', password = devices.credentials[1] } = {},
  ): Promise<readonly string[]> {
    return devices.run('java', [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', join(libraries ?? '', '*'), source],
      `amqp://127.0.0.1:${devices.stage.port}?amqp.saslMechanisms=PLAIN${options}`,
      ...[devices.credentials[0], password],
      ...steps.flatMap((step) => step.split(' ')),
    ]);
  }

  test('is connected, uploads telemetry and events as text and as bytes, and leaves', async () => {
    const steps = ['text telemetry 1', 'bytes telemetry 2', 'text event 3', 'bytes event 4'];
    expect(await device(steps)).toEqual(['done', 'done', 'done', 'done']);
    expect((await devices.uploads(2, 2)).toSorted()).toEqual(['x', 'xx', 'xxx', 'xxxx']);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });

  test('hears why what it asks for is refused, and its other links go on', async () => {
    const refused = {
      'text nowhere 1': 'amqp:not-found',
      'text telemetry/acme 1': 'hono:bad-request',
      'text telemetry/umbrella/device-0 1': 'amqp:unauthorized-access',
      'bytes event 3000': 'amqp:link:message-size-exceeded',
      'bytes event 1000000': 'amqp:link:message-size-exceeded',
      'fixed event 0': 'hono:bad-request',
      'receive command 0': 'amqp:not-implemented',
      'receive nowhere 0': 'amqp:not-found',
      'transacted event 1': 'amqp:not-implemented',
    };
    const [steps, reasons] = [Object.keys(refused), Object.values(refused)];
    expect(await device([...steps.flatMap((step) => [step, 'text event 1'])])).toEqual(
      reasons.flatMap((reason) => [reason, 'done']),
    );
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });

  test('loses an event that it has settled already, and no telemetry: the event is counted', async () => {
    const before = await devices.stage.metric('rollcall_uploads_dropped_total');
    const options = '&jms.presettlePolicy.presettleProducers=true';
    expect(await device(['text event 1', 'text telemetry 20'], { options })).toEqual(['done', 'done']);
    expect(await devices.uploads(3, 2)).toContain('x'.repeat(20));
    expect((await devices.stage.metric('rollcall_uploads_dropped_total')) - before).toBe(1);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });

  test('is refused with a wrong password, without an event', async () => {
    expect(await device([], { password: 'guess' })).toEqual(['refused']);
    expect(await device(['text event 1'])).toEqual(['done']);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });
});
