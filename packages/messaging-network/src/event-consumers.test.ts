import { silentLog, type Log } from '@rollcall/core/environment';
import { forgoAll } from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeNetwork, connect, givenANetwork, once, openDirectory, send } from './testing/network-bed.ts';

function acceptAll(messages: readonly rhea.EventContext[]): void {
  for (const { delivery } of messages) delivery?.accept();
}

beforeEach(openDirectory);
afterEach(closeNetwork);

describe('event/#', () => {
  test('gets the events of all tenants, in order for each tenant, also of tenants that come later', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    await send(await client.sender('event/a'), 'a1');
    const consumer = await client.receiver('event/#');
    const [a, b] = [await client.sender('event/a'), await client.sender('event/b')];
    for (const number of [2, 3]) {
      await send(a, `a${number}`);
      await send(b, `b${number}`);
    }
    await expect.poll(() => consumer.bodies().length).toBe(5);
    const of = (tenant: string) => consumer.bodies().filter((body) => body.startsWith(tenant));
    expect([of('a'), of('b')]).toEqual([
      ['a1', 'a2', 'a3'],
      ['b2', 'b3'],
    ]);
    acceptAll(consumer.messages);
    await expect
      .poll(() => stats().map(({ name, depth }) => [name, depth]))
      .toEqual([
        ['event/a', 0],
        ['event/b', 0],
      ]);
  });

  test('shares events with other consumers: what one does not settle goes to another', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    await send(await client.sender('event/a'), 'one');
    const consumer = await client.receiver('event/#');
    await expect.poll(consumer.bodies).toEqual(['one']);
    consumer.link.close();
    const other = await client.receiver('event/a');
    await expect.poll(other.bodies).toEqual(['one']);
  });

  test('with a subscription gets every event from its creation on, also over a restart', async () => {
    const first = await givenANetwork();
    const client = await connect(first.port);
    const subscription = await client.receiver('event/#::billing');
    subscription.link.close();
    await send(await client.sender('event/a'), 'a1');
    await send(await client.sender('event/b'), 'b1');
    client.connection.close();
    await first.close();
    const second = await givenANetwork();
    const again = await connect(second.port);
    const back = await again.receiver('event/#::billing');
    await expect.poll(back.bodies).toEqual(['a1', 'b1']);
  });

  test('with a temporary subscription is gone with its link', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    const consumer = await client.receiver('event/#::mine', { expiry_policy: 'link-detach' });
    await send(await client.sender('event/a'), 'a1');
    await expect.poll(consumer.bodies).toEqual(['a1']);
    consumer.link.close();
    await expect.poll(() => stats().map(({ name }) => name)).toEqual(['event/a']);
  });

  test.each(['event/#', 'event/#::billing', 'telemetry/#'])(
    '%s is refused as an address to send to',
    async (address) => {
      const { port } = await givenANetwork();
      const client = await connect(port);
      const link = await client.sender(address);
      await expect.poll(() => link.is_closed() || link.error !== undefined).toBe(true);
      expect(link.error).toMatchObject({ condition: 'amqp:not-found' });
      const relay = await client.sender(undefined);
      expect(await send(relay, 'x', { to: address })).toBe('rejected');
    },
  );
});

describe('event/<tenant>', () => {
  test('keeps an event until a consumer accepts it', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    expect(await send(await client.sender('event/acme'), 'one')).toBe('accepted');
    const consumer = await client.receiver('event/acme');
    await expect.poll(consumer.bodies).toEqual(['one']);
    expect(stats()).toEqual([{ name: 'event/acme', depth: 1, dropped: 0, expired: 0 }]);
    acceptAll(consumer.messages);
    await expect.poll(() => stats()).toEqual([{ name: 'event/acme', depth: 0, dropped: 0, expired: 0 }]);
  });

  test('keeps waiting events in order over a restart, and forgets accepted ones', async () => {
    const first = await givenANetwork();
    const client = await connect(first.port);
    const producer = await client.sender('event/acme');
    for (const body of ['one', 'two', 'three']) await send(producer, body);
    const consumer = await client.receiver('event/acme', {}, 1);
    await expect.poll(consumer.bodies).toEqual(['one']);
    acceptAll(consumer.messages);
    await expect.poll(() => first.stats()[0]?.depth).toBe(2);
    await first.close();
    const second = await givenANetwork();
    const later = await (await connect(second.port)).receiver('event/acme');
    await expect.poll(later.bodies).toEqual(['two', 'three']);
  });

  test('gives each event to one of several consumers', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    const one = await client.receiver('event/acme');
    const other = await (await connect(port)).receiver('event/acme');
    const producer = await client.sender('event/acme');
    for (let i = 0; i < 10; i++) await send(producer, String(i));
    await expect.poll(() => one.messages.length + other.messages.length).toBe(10);
    expect(one.messages.length).toBeGreaterThan(0);
    expect(other.messages.length).toBeGreaterThan(0);
  });

  test('sends an event again, in order, when a consumer released it or left without settling it', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    const producer = await client.sender('event/acme');
    for (const body of ['1', '2', '3']) await send(producer, body);
    const hasty = await connect(port);
    const first = await hasty.receiver('event/acme');
    await expect.poll(first.bodies).toEqual(['1', '2', '3']);
    first.messages[1]?.delivery?.accept();
    await new Promise((resolve) => setTimeout(resolve, 20));
    hasty.connection.close();
    const second = await client.receiver('event/acme', {}, 2);
    await expect.poll(second.bodies).toEqual(['1', '3']);
    second.messages[0]?.delivery?.release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    second.link.add_credit(1);
    await expect.poll(second.bodies).toEqual(['1', '3', '1']);
  });

  test('keeps an event for the outcome modified, unless it is undeliverable here, and forgets it for accepted and rejected', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    const producer = await client.sender('event/acme');
    for (const body of ['keep', 'reject', 'undeliverable', 'accept']) await send(producer, body);
    const consumer = await client.receiver('event/acme', {}, 4);
    await expect.poll(() => consumer.messages.length).toBe(4);
    const [keep, reject, undeliverable, accept] = consumer.messages.map(({ delivery }) => delivery);
    reject?.reject({ condition: 'amqp:not-allowed' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    (undeliverable as unknown as { modified(state: object): void }).modified({ undeliverable_here: true });
    await new Promise((resolve) => setTimeout(resolve, 10));
    accept?.accept();
    await new Promise((resolve) => setTimeout(resolve, 10));
    (keep as unknown as { modified(state: object): void }).modified({ undeliverable_here: false });
    await expect.poll(stats).toEqual([{ name: 'event/acme', depth: 1, dropped: 0, expired: 0 }]);
    consumer.link.add_credit(1);
    await expect.poll(consumer.bodies).toContain('keep');
  });

  test('drops the oldest event when it is full, counts it, and logs it', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_facts, message) => void warnings.push(message) };
    const { port, stats } = await givenANetwork({ maxQueueMessages: 5, log });
    const client = await connect(port);
    const producer = await client.sender('event/acme');
    for (let i = 0; i < 8; i++) expect(await send(producer, String(i))).toBe('accepted');
    expect(stats()).toEqual([{ name: 'event/acme', depth: 5, dropped: 3, expired: 0 }]);
    expect(warnings.filter((message) => message.includes('dropped'))).toHaveLength(1);
    const consumer = await client.receiver('event/acme');
    await expect.poll(consumer.bodies).toEqual(['3', '4', '5', '6', '7']);
  });

  test('passes a message on byte for byte', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    // Encodings that rhea would not choose: str32 where str8 would do, an annotation map, a body of two sections.
    const bytes = rhea.message.encode({
      message_annotations: { tenant_id: 'acme' },
      application_properties: { qos: rhea.types.wrap_int(1), big: rhea.types.wrap_ulong(5) },
      body: rhea.message.data_sections([Buffer.from('a'), Buffer.from('b')] as never),
    });
    const producer = await client.sender('event/acme');
    producer.send(bytes, undefined, 0);
    await once(producer, 'accepted');
    const got: Buffer[] = [];
    const decode = rhea.message.decode;
    const raw = await client.receiver('event/acme');
    await expect.poll(() => raw.messages.length).toBe(1);
    const message = raw.messages[0]?.message as object;
    for (const symbol of Object.getOwnPropertySymbols(message))
      got.push(Buffer.from((message as Record<symbol, Buffer>)[symbol] ?? []));
    expect(got).toEqual([bytes]);
    expect(decode).toBe(rhea.message.decode);
  });
});

describe('event/<tenant>::<application>', () => {
  test('gets every event from its creation on, and so does the shared queue', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    const producer = await client.sender('event/acme');
    await send(producer, 'before');
    const billing = await client.receiver('event/acme::billing');
    const audit = await client.receiver('event/acme::audit');
    await send(producer, 'after');
    await expect.poll(billing.bodies).toEqual(['after']);
    await expect.poll(audit.bodies).toEqual(['after']);
    expect(stats()).toContainEqual({ name: 'event/acme', depth: 2, dropped: 0, expired: 0 });
  });

  test('keeps its events while its consumer is away, and over a restart', async () => {
    const first = await givenANetwork();
    const client = await connect(first.port);
    (await client.receiver('event/acme::billing', {}, 0)).link.close();
    await send(await client.sender('event/acme'), 'one');
    await first.close();
    const second = await givenANetwork();
    const billing = await (await connect(second.port)).receiver('event/acme::billing');
    await expect.poll(billing.bodies).toEqual(['one']);
  });

  test('drops its oldest events when it is full and no one consumes it, is named in the log, and stops no producer', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_facts, message) => void warnings.push(message) };
    const { port, stats } = await givenANetwork({ maxQueueMessages: 3, log });
    const client = await connect(port);
    const shared = await client.receiver('event/acme');
    shared.link.on('message', ({ delivery }: rhea.EventContext) => delivery?.accept());
    for (const address of ['event/acme::billing', 'event/#::audit'])
      (await client.receiver(address, {}, 0)).link.close();
    const producer = await client.sender('event/acme');
    for (let i = 0; i < 5; i++) expect(await send(producer, String(i))).toBe('accepted');
    const late = await (await connect(port)).sender('event/acme');
    await expect.poll(() => late.sendable()).toBe(true);
    await expect.poll(shared.bodies).toHaveLength(5);
    const forgotten = { depth: 3, dropped: 2, expired: 0 };
    for (const name of ['event/acme::billing', 'event/#::audit']) {
      expect(stats()).toContainEqual({ name, ...forgotten });
      const told = warnings.filter((message) => message.includes(`${name} has no consumer: it is full`));
      expect(told).toHaveLength(1);
    }
    const billing = await client.receiver('event/acme::billing');
    await expect.poll(billing.bodies).toEqual(['2', '3', '4']);
  });

  test('can reach the maximum number of subscriptions, and tenants still get their queues', async () => {
    const { port } = await givenANetwork({ maxQueues: 2 });
    const client = await connect(port);
    for (const name of ['a', 'b']) (await client.receiver(`event/acme::${name}`, {}, 0)).link.close();
    const third = await client.receiver('event/acme::c', {}, 0);
    expect(third.link.error).toMatchObject({ condition: 'amqp:resource-limit-exceeded' });
    for (const tenant of ['one', 'two'])
      expect(await send(await client.sender(`event/${tenant}`), 'x')).toBe('accepted');
    expect(await send(await client.sender('event/three'), 'x')).toBe('rejected');
  });

  test('is gone with its link when it is temporary', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    const watcher = await connect(port);
    const temporary = await watcher.receiver('event/acme::tail-1', {
      expiry_policy: 'link-detach',
      durable: 0,
    });
    await send(await client.sender('event/acme'), 'one');
    await expect.poll(temporary.bodies).toEqual(['one']);
    watcher.connection.close();
    await expect.poll(() => stats().map(({ name }) => name)).toEqual(['event/acme']);
  });

  test('stays when a consumer that asked for a temporary one leaves, if it was durable before', async () => {
    const { port, stats } = await givenANetwork();
    const client = await connect(port);
    (await client.receiver('event/acme::billing', {}, 0)).link.close();
    const visitor = await connect(port);
    await visitor.receiver('event/acme::billing', { expiry_policy: 'link-detach', durable: 0 }, 0);
    await send(await client.sender('event/acme'), 'one');
    visitor.connection.close();
    const billing = await client.receiver('event/acme::billing');
    await expect.poll(billing.bodies).toEqual(['one']);
    expect(stats().map(({ name }) => name)).toContain('event/acme::billing');
  });

  test('stays until its last consumer is gone when it is temporary', async () => {
    const { port, stats } = await givenANetwork();
    const facts = { expiry_policy: 'link-detach', durable: 0 };
    const one = await connect(port);
    await one.receiver('event/acme::tail-1', facts);
    const two = await connect(port);
    const stays = await two.receiver('event/acme::tail-1', facts);
    one.connection.close();
    await expect
      .poll(async () => {
        await send(await two.sender('event/acme'), 'x');
        return stays.messages.length;
      })
      .toBeGreaterThan(1);
    two.connection.close();
    await expect.poll(() => stats().map(({ name }) => name)).toEqual(['event/acme']);
  });

  test('is refused as an address to send to', async () => {
    const { port } = await givenANetwork();
    const link = (await connect(port)).connection.open_sender('event/acme::billing');
    const { sender } = await once(link, 'sender_close');
    expect(sender?.error).toMatchObject({ condition: 'amqp:not-found' });
  });
});

describe('consumers that share a session', () => {
  test.each(['event/acme', 'event/umbrella'])(
    'of event/acme and %s both get all events, also more than the buffer of the session holds',
    async (second) => {
      const { port, stats } = await givenANetwork();
      const client = await connect(port);
      for (const address of new Set(['event/acme', second])) {
        const producer = await client.sender(address);
        for (let batch = 0; batch < 6; batch++)
          await Promise.all(
            Array.from({ length: 500 }, (_, index) => send(producer, String(batch * 500 + index))),
          );
      }
      const total = stats().reduce((sum, { depth }) => sum + depth, 0);
      const greedy = await connect(port);
      const one = await greedy.receiver('event/acme', {}, 10_000);
      const two = await greedy.receiver(second, {}, 10_000);
      // The consumers settle nothing, so the session's buffer is full long before everything is sent.
      await expect.poll(() => one.messages.length + two.messages.length).toBeGreaterThan(2_000);
      const accepted = new Set<rhea.EventContext>();
      const acceptMore = (): number => {
        for (const context of [...one.messages, ...two.messages]) {
          if (accepted.has(context)) continue;
          accepted.add(context);
          context.delivery?.accept();
        }
        return accepted.size;
      };
      await expect.poll(acceptMore).toBe(total);
      await expect.poll(() => stats().reduce((sum, { depth }) => sum + depth, 0)).toBe(0);
    },
  );

  test('have its whole buffer, also after many that left without settling what they had', async () => {
    const { port, stats } = await givenANetwork();
    const producer = await (await connect(port)).sender('event/acme');
    await Promise.all(Array.from({ length: 100 }, (_, index) => send(producer, String(index))));
    const client = await connect(port);
    // More in all than the buffer holds.
    for (let round = 0; round < 30; round++) {
      const leaving = await client.receiver('event/acme');
      await expect.poll(() => leaving.messages.length).toBe(100);
      leaving.link.close();
      await once(leaving.link, 'receiver_close');
      forgoAll(leaving.link);
    }
    const staying = await client.receiver('event/acme');
    await expect.poll(() => staying.messages.length).toBe(100);
    acceptAll(staying.messages);
    await expect.poll(() => stats()[0]?.depth).toBe(0);
  });

  test('get what waits, once another left that had filled its buffer', async () => {
    const { port } = await givenANetwork();
    const producing = await connect(port);
    for (const [address, count] of [
      ['event/acme', 2_500],
      ['event/umbrella', 1],
    ] as const) {
      const producer = await producing.sender(address);
      for (let sent = 0; sent < count; sent += 500)
        await Promise.all(Array.from({ length: Math.min(500, count) }, () => send(producer, 'x')));
    }
    const client = await connect(port);
    const greedy = await client.receiver('event/acme', {}, 10_000);
    await expect.poll(() => greedy.messages.length).toBeGreaterThan(2_000);
    const other = await client.receiver('event/umbrella');
    greedy.link.close();
    await expect.poll(() => other.bodies()).toEqual(['x']);
  });
});

test('an event whose link is closed before it is stored takes no room of its session', async () => {
  const { port, stats } = await givenANetwork();
  const client = await connect(port);
  const closing = await client.sender('event/acme');
  const unsettled = closing.send({ body: 'without an outcome' });
  closing.close();
  await once(closing, 'sender_close');
  Object.assign(unsettled, { settled: true, remote_settled: true });
  const other = await client.sender('event/acme');
  for (let batch = 0; batch < 6; batch++) {
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => send(other, 'x')));
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
  }
  expect(stats()[0]?.depth).toBe(3_001);
});
