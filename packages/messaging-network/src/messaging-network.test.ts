import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import { silentLog, type Log } from '@rollcall/core/environment';
import rhea from 'rhea';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  startMessagingNetwork,
  type MessagingNetwork,
  type MessagingNetworkOptions,
} from './messaging-network.ts';

let dataDir = '';
let network: MessagingNetwork | undefined;
const connections: rhea.Connection[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'rollcall-network-'));
});

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await network?.close();
  network = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function givenANetwork(facts: Partial<MessagingNetworkOptions> = {}): Promise<MessagingNetwork> {
  network = await startMessagingNetwork({ port: 0, dataDir, log: silentLog, ...facts });
  return network;
}

/** A client on raw rhea. */
async function connect(port: number, connectFacts: object = {}) {
  const container = rhea.create_container();
  for (const event of [
    'error',
    'sender_error',
    'receiver_error',
    'session_error',
    'connection_error',
    'disconnected',
  ])
    container.on(event, () => {});
  const options = { host: '127.0.0.1', port, reconnect: false, tcp_no_delay: true, ...connectFacts };
  const connection = container.connect(options);
  connections.push(connection);
  await once(connection, 'connection_open');
  return {
    connection,
    async sender(address: string | undefined) {
      const link = connection.open_sender({
        target: address === undefined ? {} : { address },
        treat_modified_as_released: false,
      } as never);
      await Promise.race([
        once(link, 'sendable'),
        once(link, 'sender_close'),
        new Promise((resolve) => setTimeout(resolve, 100)),
      ]);
      return link;
    },
    async receiver(address: string, facts: object = {}, credit = 100) {
      const messages: rhea.EventContext[] = [];
      const link = connection.open_receiver({
        source: { address, ...facts },
        credit_window: 0,
        autoaccept: false,
      });
      link.on('message', (context: rhea.EventContext) => messages.push(context));
      await Promise.race([once(link, 'receiver_open'), once(link, 'receiver_close')]);
      if (credit > 0) link.add_credit(credit);
      return { link, messages, bodies: () => messages.map(({ message }) => String(message?.body)) };
    },
  };
}

function once(
  emitter: { once(event: string, listener: (context: rhea.EventContext) => void): unknown },
  event: string,
): Promise<rhea.EventContext> {
  return new Promise((resolve) => emitter.once(event, resolve));
}

const outcomeNames = ['accepted', 'released', 'rejected', 'modified'] as const;
const waiting = new WeakMap<rhea.Sender, Map<rhea.Delivery, (outcome: string) => void>>();

/** Sends and resolves with the outcome's name. */
function send(link: rhea.Sender, body: string, facts: object = {}): Promise<string> {
  let pending = waiting.get(link);
  if (!pending) {
    const resolvers = new Map<rhea.Delivery, (outcome: string) => void>();
    waiting.set(link, (pending = resolvers));
    for (const outcome of outcomeNames)
      link.on(outcome, ({ delivery }: rhea.EventContext) => delivery && resolvers.get(delivery)?.(outcome));
  }
  const delivery = link.send({ body, durable: true, ...facts });
  return new Promise((resolve) => pending.set(delivery, resolve));
}

async function acceptAll(messages: readonly rhea.EventContext[]): Promise<void> {
  for (const { delivery } of messages) delivery?.accept();
  await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a message that a consumer never settles does not delay the messages behind it', async () => {
  const { port } = await givenANetwork();
  const client = await connect(port, { session_buffer_size: { incoming: 10_000 } });
  const producer = await client.sender('event/acme');
  const consumer = await client.receiver('event/acme');
  let taken = 0;
  consumer.link.on('message', ({ delivery }: rhea.EventContext) => {
    taken += 1;
    if (taken === 1) return;
    delivery?.accept();
    consumer.link.add_credit(1);
  });
  for (let round = 0; round < 30; round++)
    await Promise.all(Array.from({ length: 100 }, (_, index) => send(producer, `${round}-${index}`)));
  await expect.poll(() => taken).toBe(3_000);
});

describe('addresses of commands', () => {
  const addresses = ['command/acme', 'command_internal/mqtt-0', 'command_response/acme/7', 'control/acme/d'];
  const refusal = {
    condition: 'amqp:not-implemented',
    description: expect.stringContaining('Use a messaging network of Eclipse Hono for commands') as string,
  };

  test.each(addresses)(
    '%s is refused with an error that says what to do, and other links go on',
    async (address) => {
      const { port, stats } = await givenANetwork();
      const client = await connect(port);
      const events = await client.sender('event/acme');
      const sender = await client.sender(address);
      await expect.poll(() => sender.error).toMatchObject(refusal);
      const receiver = await client.receiver(address);
      await expect.poll(() => receiver.link.error).toMatchObject(refusal);
      const relay = await client.sender(undefined);
      const rejected = once(relay, 'rejected');
      relay.send({ to: address, body: 'x' });
      const { delivery } = await rejected;
      expect((delivery as unknown as { remote_state: { error: object } }).remote_state.error).toMatchObject(
        refusal,
      );
      expect(await send(events, 'one')).toBe('accepted');
      expect(stats()).toEqual([{ name: 'event/acme', depth: 1, dropped: 0, expired: 0 }]);
    },
  );

  test.each(['events/acme', 'commander', ''])(
    '%j, which is no address of a command, is refused with a list of the addresses there are',
    async (address) => {
      const { port } = await givenANetwork();
      const client = await connect(port);
      const receiver = await client.receiver(address);
      await expect
        .poll(() => receiver.link.error)
        .toMatchObject({
          condition: 'amqp:not-found',
          description: expect.stringContaining('event/<tenant>') as string,
        });
    },
  );
});

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
    await acceptAll(consumer.messages);
    expect(stats().map(({ name, depth }) => [name, depth])).toEqual([
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
    await acceptAll(consumer.messages);
    expect(stats()).toEqual([{ name: 'event/acme', depth: 0, dropped: 0, expired: 0 }]);
  });

  test('keeps waiting events in order over a restart, and forgets accepted ones', async () => {
    const first = await givenANetwork();
    const client = await connect(first.port);
    const producer = await client.sender('event/acme');
    for (const body of ['one', 'two', 'three']) await send(producer, body);
    const consumer = await client.receiver('event/acme', {}, 1);
    await expect.poll(consumer.bodies).toEqual(['one']);
    await acceptAll(consumer.messages);
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

describe('telemetry/<tenant>', () => {
  test('goes to every consumer of this tenant that is attached', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    const one = await client.receiver('telemetry/acme');
    const other = await (await connect(port)).receiver('telemetry/acme');
    const foreign = await client.receiver('telemetry/umbrella');
    expect(await send(await client.sender('telemetry/acme'), '21.5')).toBe('accepted');
    await expect.poll(one.bodies).toEqual(['21.5']);
    await expect.poll(other.bodies).toEqual(['21.5']);
    expect(foreign.bodies()).toEqual([]);
  });

  test('arrives completely when a burst is within the credit of its consumer', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    const consumer = await client.receiver('telemetry/acme', {}, 200);
    const producer = await (await connect(port)).sender('telemetry/acme');
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => send(producer, String(index))),
    );
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    await expect.poll(consumer.bodies).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  });

  test('gives producers credit only while there is a consumer', async () => {
    const { port } = await givenANetwork();
    const producer = await (await connect(port)).sender('telemetry/acme');
    expect(producer.sendable()).toBe(false);
    const consumer = await connect(port);
    await consumer.receiver('telemetry/acme');
    await expect.poll(() => producer.sendable()).toBe(true);
    const left = once(consumer.connection, 'connection_close');
    consumer.connection.close();
    await left;
    expect(await send(producer, 'late')).toBe('released');
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
});

test('a message of an unknown message format is rejected', async () => {
  const { port, stats } = await givenANetwork();
  const producer = await (await connect(port)).sender('event/acme');
  producer.send(Buffer.from('opaque'), undefined, 7);
  const { delivery } = await once(producer, 'rejected');
  expect(delivery?.remote_state).toMatchObject({ error: { condition: 'amqp:not-implemented' } });
  expect(stats()).toEqual([]);
});

describe('addresses', () => {
  test('come from each message when a link has none', async () => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    const relay = await client.sender(undefined);
    expect(await send(relay, 'one', { to: 'event/acme' })).toBe('accepted');
    expect(await send(relay, 'two', { to: 'nowhere' })).toBe('rejected');
    const consumer = await client.receiver('event/acme');
    await expect.poll(consumer.bodies).toEqual(['one']);
  });

  test.each([
    'nowhere',
    'event/',
    'event/a/b',
    'command/acme',
    'event/acme::',
    'event/\u0000',
    `event/${'x'.repeat(300)}`,
  ])('like %j are refused, and the connection goes on', async (address) => {
    const { port } = await givenANetwork();
    const client = await connect(port);
    const { link } = await client.receiver(address);
    await expect.poll(() => link.is_open()).toBe(false);
    expect(await send(await client.sender('event/acme'), 'one')).toBe('accepted');
  });

  test('beyond the maximum number of queues are refused', async () => {
    const { port } = await givenANetwork({ maxQueues: 2 });
    const client = await connect(port);
    for (const tenant of ['a', 'b'])
      expect(await send(await client.sender(`event/${tenant}`), 'x')).toBe('accepted');
    expect(await send(await client.sender('event/c'), 'x')).toBe('rejected');
  });
});

describe('starting fails', () => {
  test('with the name of a port that is taken', async () => {
    const { port } = await givenANetwork();
    const other = mkdtempSync(join(tmpdir(), 'rollcall-network-'));
    const second = startMessagingNetwork({ port, dataDir: other, log: silentLog });
    await expect(second).rejects.toThrow(`amqp port 127.0.0.1:${port} cannot be bound: EADDRINUSE`);
    rmSync(other, { recursive: true, force: true });
  });

  test('with the name of a data directory that is in use', async () => {
    await givenANetwork();
    const second = startMessagingNetwork({ port: 0, dataDir, log: silentLog });
    await expect(second).rejects.toThrow(
      `data directory ${dataDir} cannot be used: another messaging network uses it`,
    );
  });
});

test('a peer that sends a crafted frame is cut off, and others are served', async () => {
  const logged: object[] = [];
  const { port } = await givenANetwork({ log: { ...silentLog, warn: (facts) => logged.push(facts) } });
  const honest = await (await connect(port)).sender('event/acme');
  const harmful = connectSocket(port, '127.0.0.1');
  // Header, then an open with an array of four thousand million nulls.
  harmful.resume();
  harmful.write(Buffer.from('414d5150000100000000001802000000005310c00b01f000000005ffffffff40', 'hex'));
  await new Promise((resolve) => harmful.once('close', resolve));
  expect(logged).toContainEqual(
    expect.objectContaining({ problem: expect.stringMatching(/values|too/) as unknown }),
  );
  expect(await send(honest, 'still served')).toBe('accepted');
});

test('a notification goes to every consumer of its topic that is attached, and to no other', async () => {
  const { port } = await givenANetwork();
  const client = await connect(port);
  const one = await client.receiver('notification/registry-device');
  const other = await (await connect(port)).receiver('notification/registry-device');
  const foreign = [
    await client.receiver('notification/registry-tenant'),
    await client.receiver('telemetry/registry-device'),
  ];
  expect(await send(await client.sender('notification/registry-device'), '{}')).toBe('accepted');
  await expect.poll(one.bodies).toEqual(['{}']);
  await expect.poll(other.bodies).toEqual(['{}']);
  expect(foreign.map((each) => each.bodies())).toEqual([[], []]);
});
