import { ManualClock } from '@rollcall/conformance';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MessagingNetwork } from './messaging-network.ts';
import { closeNetwork, connect, givenANetwork, openDirectory, send } from './testing/network-bed.ts';

beforeEach(openDirectory);
afterEach(closeNetwork);

describe('time to live', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const counts = ({ stats }: MessagingNetwork) =>
    stats().map(({ name, depth, expired }) => [name, depth, expired]);

  test('a message that is not consumed in time is dropped and counted, in queues and in subscriptions without consumer', async () => {
    const clock = new ManualClock('2026-01-01T12:00:00Z');
    const expiring = await givenANetwork({ clock });
    const client = await connect(expiring.port);
    (await client.receiver('event/acme::billing', {}, 0)).link.close();
    const producer = await client.sender('event/acme');
    await send(producer, 'a minute', { ttl: 60_000 });
    await send(producer, 'for ever');
    await send(producer, 'half a minute', { ttl: 600_000, absolute_expiry_time: now + 30_000 });
    await send(producer, 'over', { absolute_expiry_time: now - 1 });
    expect(counts(expiring)).toEqual([
      ['event/acme::billing', 3, 1],
      ['event/acme', 3, 1],
    ]);
    clock.advance(29_999);
    expect(counts(expiring)[1]).toEqual(['event/acme', 3, 1]);
    clock.advance(1);
    expect(counts(expiring)[1]).toEqual(['event/acme', 2, 2]);
    clock.advance(30_000);
    const billing = await client.receiver('event/acme::billing');
    await expect.poll(billing.bodies).toEqual(['for ever']);
    expect(counts(expiring)).toEqual([
      ['event/acme::billing', 1, 3],
      ['event/acme', 1, 3],
    ]);
  });

  test('runs on during a restart, and without a consumer', async () => {
    const clock = new ManualClock('2026-01-01T12:00:00Z');
    const first = await givenANetwork({ clock });
    const producer = await (await connect(first.port)).sender('event/acme');
    await send(producer, 'a minute', { ttl: 60_000 });
    await send(producer, 'an hour', { ttl: 3_600_000 });
    await first.close();
    expect(clock.armed).toBe(0);
    clock.advance(60_000);
    const second = await givenANetwork({ clock });
    expect(counts(second)).toEqual([['event/acme', 1, 1]]);
    await second.close();
    const third = await givenANetwork({ clock });
    // What had expired is not on disk any more.
    expect(counts(third)).toEqual([['event/acme', 1, 0]]);
  });

  test('a message does not expire while a consumer has it, and is dropped if it is given back too late', async () => {
    const clock = new ManualClock('2026-01-01T12:00:00Z');
    const expiring = await givenANetwork({ clock });
    const client = await connect(expiring.port);
    const producer = await client.sender('event/acme');
    for (const body of ['taken', 'given back']) await send(producer, body, { ttl: 1_000 });
    const consumer = await client.receiver('event/acme');
    await expect.poll(consumer.bodies).toHaveLength(2);
    clock.advance(1_000);
    expect(counts(expiring)).toEqual([['event/acme', 2, 0]]);
    consumer.messages[0]?.delivery?.accept();
    await new Promise((resolve) => setTimeout(resolve, 20));
    consumer.messages[1]?.delivery?.release();
    await expect.poll(() => counts(expiring)).toEqual([['event/acme', 0, 1]]);
    expect(consumer.bodies()).toHaveLength(2);
  });
});
