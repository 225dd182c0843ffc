import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@rollcall/core/environment';
import rhea from 'rhea';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMessagingNetwork } from './messaging-network.ts';
import {
  closeNetwork,
  connect,
  dataDir,
  givenANetwork,
  once,
  openDirectory,
  send,
} from './testing/network-bed.ts';

beforeEach(openDirectory);
afterEach(closeNetwork);

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
