import type { TestSetting } from '@rollcall/adapter-process/testing';
import { describe, expect, test } from 'vitest';
import { connectClient, givenADevice } from './testing/amqp-bed.ts';

describe('a device that need not say who it is', () => {
  const givenAnybody = (setting: TestSetting = {}) =>
    givenADevice({ nameless: true }, setting, { authenticationRequired: false });

  test('uploads for what its addresses name, in full, and gives no event', async () => {
    const { send, sender, sink, device, running } = await givenAnybody();
    expect(await send({ to: 'telemetry/acme/valve-1', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'event/umbrella/thermostat-7', body: 'x' })).toBe('accepted');
    expect(sender.messages.map((message) => message.device)).toEqual([
      { tenant: 'acme', device: 'valve-1' },
      { tenant: 'umbrella', device: 'thermostat-7' },
    ]);
    await running.stop({ graceMs: 0 });
    await device.over;
    expect(device.condition()).toBe('amqp:connection:forced');
    expect(sink.events).toEqual([]);
  });

  test.each([
    ['telemetry', 'hono:bad-request'],
    ['telemetry//valve-1', 'hono:bad-request'],
    ['telemetry/acme/nobody', 'amqp:not-found'],
    ['telemetry/nowhere/valve-1', 'amqp:not-found'],
  ])('may not upload to %s, and stays connected', async (to, condition) => {
    const { send } = await givenAnybody();
    expect(await send({ to, body: 'x' })).toBe(condition);
    expect(await send({ to: 'telemetry/acme/valve-1', body: 'x' })).toBe('accepted');
  });

  test('uploads no more of a device than that itself might', async () => {
    const { send } = await givenAnybody({ settings: { maxMessagesPerSecond: 10 } });
    for (let sent = 0; sent < 10; sent++)
      expect(await send({ to: 'telemetry/acme/valve-1', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry/acme/valve-1', body: 'x' })).toBe('amqp:resource-limit-exceeded');
    expect(await send({ to: 'event/umbrella/thermostat-7', body: 'x' })).toBe('accepted');
  });

  test('counts against the limit of connections', async () => {
    const { address } = await givenAnybody({ settings: { maxConnections: 1 } });
    const second = connectClient(address.port, { nameless: true });
    await second.over;
    expect(second.condition()).toBe('amqp:unauthorized-access');
  });

  test('is that device, with events, if it logs in', async () => {
    const { events } = await givenADevice({}, {}, { authenticationRequired: false });
    expect((await events(1))[0]).toMatchObject({ device: { device: 'thermostat-7' } });
  });
});
