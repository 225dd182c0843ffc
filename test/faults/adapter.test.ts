import { deviceRef } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { expect, test } from 'vitest';
import { clearUpAfterEach, everythingRuns } from './support/acts.ts';
import { eventuallyNone } from './support/eventually.ts';
import { notedSince } from './support/noted-since.ts';
import { distinct } from './support/record.ts';
import { scale } from './support/scale.ts';
import { deviceId } from './support/stage.ts';
import { differences } from './support/verdict.ts';
import { wallClockMovedMs } from './support/wall-clock.ts';

clearUpAfterEach();

test.each([
  ['MQTT', 'mqtt', scale({ quick: 60, soak: 5_000 })],
  ['AMQP', 'amqp', scale({ quick: 40, soak: 2_000 })],
] as const)(
  'after kill -9 of the %s adapter each of its devices is reported lost once, with honest bounds, and comes back',
  async (_name, protocol, devices) => {
    const { stage, record, fleet } = await everythingRuns({ devices, protocol });
    await fleet.connectAll(devices);
    // Every other device is heard until the journal has noted it, however long this machine takes for that.
    const heard = fleet.open().filter((_, index) => index % 2 === 0);
    const heardFrom = Date.now();
    await eventuallyNone(() => {
      for (const attempt of heard) fleet.ping(attempt);
      const noted = notedSince(stage.journal, heardFrom);
      return noted < heard.length ? [`${noted} of ${heard.length} devices are noted as heard`] : [];
    });
    const killedAt = Date.now();
    await stage.adapter.end('SIGKILL');
    await stage.adapter.start();
    await eventuallyNone(() => differences(record, fleet));

    const lost = distinct(record.events).filter((event) => event.type === 'disconnected');
    expect(lost).toHaveLength(devices);
    const heardIds = new Set(heard.map(({ remoteId }) => remoteId));
    const movedMs = wallClockMovedMs();
    for (const event of lost) {
      expect(event).toMatchObject({ reason: 'adapter-lost', initiator: 'adapter', clean: false });
      expect(event.at).toBeGreaterThanOrEqual(killedAt - movedMs);
      expect(event.uncertaintyMs).toBe(event.at - event.lastSeen);
      expect(event.lastSeen).toBeGreaterThanOrEqual(
        heardIds.has(event.remoteId) ? heardFrom - movedMs : event.connectedAt,
      );
      expect(event.lastSeen).toBeLessThanOrEqual(killedAt + movedMs);
    }

    await fleet.connectAll(devices);
    await eventuallyNone(() => differences(record, fleet));
    expect(fleet.open()).toHaveLength(devices);
  },
);

const crowd = scale({ quick: 150, soak: 10_000 });

test(`each of ${crowd} devices whose sockets are cut at once has its event`, async () => {
  const { record, fleet } = await everythingRuns({ devices: crowd });
  await fleet.connectAll(crowd);
  const open = fleet.open();
  expect(open).toHaveLength(crowd);
  for (const attempt of open) fleet.cut(attempt);
  await eventuallyNone(() => differences(record, fleet));
  expect(
    distinct(record.events).filter(
      (event) => event.type === 'disconnected' && event.reason === 'connection-lost',
    ),
  ).toHaveLength(crowd);
});

test('a second SIGTERM ends the adapter at once, and its next start reports the sessions that were left', async () => {
  const { stage, record, fleet } = await everythingRuns({ devices: 50 });
  await fleet.connectAll(50);
  await eventuallyNone(() => differences(record, fleet));
  // Nobody confirms anything any more: the adapter would wait for its whole grace.
  stage.network.freeze();
  const { child, stdout } = stage.adapter.process;
  child.kill('SIGTERM');
  await eventuallyNone(() =>
    stdout.some((line) => line.includes('"msg":"stopping"')) ? [] : ['it does not stop yet'],
  );
  expect(child.exitCode ?? child.signalCode).toBeNull();
  await stage.adapter.end('SIGTERM');
  expect(child.signalCode).toBe('SIGKILL');
  stage.network.thaw();
  await stage.adapter.start();
  await eventuallyNone(() => differences(record, fleet));
});

test('an adapter that is restarted goes on with its leases without an event, however it ended', async () => {
  const { stage, record } = await everythingRuns({
    devices: 20,
    protocol: 'http',
    // The network has so long to answer, whatever else this machine does.
    environment: { ROLLCALL_MESSAGING_SENDMESSAGETIMEOUT: '30000' },
  });
  const post = async (index: number, goodbye = false): Promise<number> => {
    const credentials = Buffer.from(`${deviceId(index)}@acme:fault-secret`).toString('base64');
    const { status } = await fetch(`http://127.0.0.1:${stage.port}/event`, {
      method: 'POST',
      headers: {
        // Not over a connection to the adapter that was there before.
        connection: 'close',
        authorization: `Basic ${credentials}`,
        'content-type': goodbye ? 'application/vnd.eclipse-hono-empty-notification' : 'text/plain',
        ...(goodbye && { 'hono-ttd': '0' }),
      },
      ...(!goodbye && { body: 'x' }),
    });
    return status;
  };
  const all = Array.from({ length: 20 }, (_, index) => index);
  for (const index of all) expect(await post(index)).toBe(202);
  await eventuallyNone(() => (record.events.length < 20 ? [`${record.events.length} of 20 events`] : []));
  const granted = new Map(record.events.map((event) => [event.device.device, event.connectionId]));
  expect(granted.size).toBe(20);

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await stage.adapter.end(signal);
    await stage.adapter.start();
    await expect.poll(() => stage.readiness()).toMatchObject({ status: 'UP' });
    for (const index of all) expect(await post(index)).toBe(202);
  }
  for (const index of all) expect(await post(index, true)).toBe(202);
  const events = (): readonly ReceivedEvent[] => distinct(record.events);
  await eventuallyNone(() => (events().length < 40 ? [`${events().length} of 40 events`] : []));
  expect(events()).toHaveLength(40);
  for (const event of events().slice(20))
    expect(event).toMatchObject({
      type: 'disconnected',
      reason: 'client-closed',
      connectionId: granted.get(event.device.device),
    });
  expect(record.table.get(deviceRef('acme', deviceId(3)))).toMatchObject({ status: 'offline' });
});
