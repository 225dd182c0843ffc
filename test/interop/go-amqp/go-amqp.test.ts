import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stageForDevices, type ForeignDevices } from '../foreign-devices.ts';
import { fromGo } from '../from-go.ts';
import { hasPackage } from '../support.ts';

// A device on go-amqp, which gives up a link whose settle modes are not those that it asked for.

const program = hasPackage('python3-qpid-proton') ? fromGo('go-amqp') : undefined;

describe.runIf(program !== undefined)('a device on go-amqp', () => {
  let devices: ForeignDevices;

  beforeAll(async () => {
    devices = await stageForDevices({ protocol: 'amqp', devices: 1 });
  });
  afterAll(async () => {
    program?.cleanUp();
    await devices.close();
  });

  /** Each step: settle mode, address, bytes. */
  const device = (...steps: readonly string[]): Promise<readonly string[]> =>
    devices.run(program?.path ?? '', [
      `amqp://127.0.0.1:${devices.stage.port}`,
      ...devices.credentials,
      ...steps.flatMap((step) => step.split(' ')),
    ]);

  test('is connected, uploads telemetry and events with each settle mode, hears what became of them, and leaves', async () => {
    expect(
      await device(
        'default event 1',
        'mixed event 2',
        'unsettled event 3',
        'second event 4',
        'default telemetry 5',
        'settled telemetry 6',
        'second telemetry 7',
      ),
    ).toEqual([...Array.from({ length: 5 }, () => 'accepted'), 'sent', 'accepted']);
    expect((await devices.uploads(3, 4)).toSorted()).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((size) => 'x'.repeat(size)),
    );
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });

  test('hears why an upload is refused, and its other links go on', async () => {
    expect(
      await device(
        'default nowhere 1',
        'default telemetry/acme 1',
        'second telemetry/umbrella/device-0 1',
        // It looks at the greatest size of the link by itself.
        'default event 100000',
        'default event 1',
      ),
    ).toEqual([
      'rejected amqp:not-found',
      'rejected hono:bad-request',
      'rejected amqp:unauthorized-access',
      'amqp:link:message-size-exceeded',
      'accepted',
    ]);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });

  test('loses an event that it has settled already: that is counted', async () => {
    const before = await devices.stage.metric('rollcall_uploads_dropped_total');
    expect(await device('settled event 1', 'default event 1')).toEqual(['sent', 'accepted']);
    expect((await devices.stage.metric('rollcall_uploads_dropped_total')) - before).toBe(1);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });

  test('is refused with a wrong password, without an event', async () => {
    const [username] = devices.credentials;
    const url = `amqp://127.0.0.1:${devices.stage.port}`;
    expect(await devices.run(program?.path ?? '', [url, username, 'guess'])).toEqual(['refused']);
    expect(await device('default event 1')).toEqual(['accepted']);
    expect(await devices.connections(2)).toEqual(['connected', 'client-closed']);
  });
});
