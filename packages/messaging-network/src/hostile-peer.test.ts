import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@rollcall/core/environment';
import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';
import { startMessagingNetwork } from './messaging-network.ts';

async function given(options: { readonly maxConnections?: number } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'rollcall-network-'));
  const errors: object[] = [];
  const nothing = (): void => {};
  const log: Log = { debug: nothing, info: nothing, warn: nothing, error: (facts) => errors.push(facts) };
  const network = await startMessagingNetwork({ port: 0, dataDir, log, ...options });
  onTestFinished(async () => {
    await network.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const connect = async (): Promise<rhea.Connection> => {
    const container = rhea.create_container();
    for (const event of ['error', 'sender_error', 'receiver_error', 'connection_error', 'disconnected'])
      container.on(event, nothing);
    const connection = container.connect({ host: '127.0.0.1', port: network.port, reconnect: false });
    await once(connection, 'connection_open');
    return connection;
  };
  return { errors, connect, port: network.port };
}

/** rhea does not send such addresses by itself. */
function poisoned<Link extends rhea.Sender | rhea.Receiver>(
  link: Link,
  terminus: 'source' | 'target',
  address: unknown,
): Link {
  const { attach } = (link as unknown as { local: { attach: Record<string, { value: unknown[] }> } }).local;
  const { value } = attach[terminus] ?? { value: [] };
  value[0] = address;
  return link;
}

const { types } = rhea as unknown as {
  types: Record<string, (value: unknown, ...rest: unknown[]) => unknown>;
};

test.each<[string, () => unknown]>([
  ['a map', () => types['wrap_map']?.({ a: types['wrap_map']?.({}) })],
  ['a list', () => types['wrap_list']?.([1, 'two'])],
  ['an array', () => types['wrap_array']?.([1, 2], 0x71)],
  ['binary', () => types['wrap_binary']?.(Buffer.from([0, 255]))],
  ['a symbol', () => types['wrap_symbol']?.('x')],
  ['a large number', () => types['wrap_ulong']?.(Number.MAX_SAFE_INTEGER)],
  ['a timestamp', () => types['wrap_timestamp']?.(-1)],
  ['true', () => types['wrap_boolean']?.(true)],
  ['a described value', () => types['described']?.(types['wrap_symbol']?.('x'), types['wrap_map']?.({}))],
])('a link whose address is %s is refused, and no other peer notices', async (_what, address) => {
  const { connect, errors } = await given();
  const [hostile, honest] = await Promise.all([connect(), connect()]);
  const sender = poisoned(hostile.open_sender('x'), 'target', address());
  const receiver = poisoned(hostile.open_receiver('x'), 'source', address());
  const named = hostile.open_sender({ source: { address: 'x' }, target: {} });
  const anonymous = poisoned(named, 'source', address());
  await Promise.race([
    Promise.all([
      once(sender, 'sender_close'),
      once(receiver, 'receiver_close'),
      once(anonymous, 'sender_open'),
    ]),
    once(hostile, 'disconnected'),
  ]);
  const link = honest.open_sender('event/acme');
  await once(link, 'sendable');
  const delivered = once(link, 'accepted');
  link.send({ body: 'still here' });
  await delivered;
  expect(errors).toEqual([]);
  for (const each of [hostile, honest]) each.close();
});

/** Makes sending to this client throw from now on. */
function spoil(anyLink: rhea.Sender, client: rhea.Connection): void {
  const sender = Object.getPrototypeOf(anyLink) as { send(...args: unknown[]): unknown };
  const { send } = sender;
  sender.send = function (this: rhea.Sender, ...args) {
    if (this.connection.container_id === client.container.id) throw new Error('cursed');
    return send.apply(this, args);
  };
  onTestFinished(() => void (sender.send = send));
}

test.each(['event/acme', 'telemetry/acme'])(
  'a consumer of %s for which sending throws is cut off, and producers and other consumers notice nothing',
  async (address) => {
    const { connect, errors } = await given();
    const [bad, good, producer] = await Promise.all([connect(), connect(), connect()]);
    const receive = async (connection: rhea.Connection): Promise<rhea.Receiver> => {
      const link = connection.open_receiver({ source: { address }, credit_window: 100 });
      await once(link, 'receiver_open');
      return link;
    };
    const received: unknown[] = [];
    await receive(bad);
    const goodLink = await receive(good);
    goodLink.on('message', ({ message }: rhea.EventContext) => received.push(message?.body));
    const link = producer.open_sender(address);
    await once(link, 'sendable');
    spoil(link, bad);
    for (let sent = 0; sent < 10; sent++) {
      const settled = new Promise((resolve) => link.once('settled', resolve));
      link.send({ body: sent, durable: true });
      await settled;
    }
    await expect.poll(() => received.length).toBe(10);
    expect(errors).toMatchObject([{ where: 'network' }]);
    for (const each of [good, producer]) each.close();
  },
);

test('connections that do not open AMQP give way to others, and never a connection that has opened it', async () => {
  const { connect, port } = await given({ maxConnections: 12 });
  const before = await connect();
  const silent: Socket[] = [];
  for (let i = 0; i < 30; i++) {
    const socket = connectSocket({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    silent.push(socket.on('error', () => {}).resume());
    await once(socket, 'connect');
  }
  const after = await connect();
  expect([before, after].map((connection) => connection.is_open())).toEqual([true, true]);
  await expect.poll(() => silent.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(18);
  for (const each of [before, after]) each.close();
  for (const socket of silent) socket.destroy();
});

test('a message that is too large detaches its link, and the others of its connection go on', async () => {
  const { connect, errors } = await given();
  const connection = await connect();
  const [large, small] = ['event/acme', 'event/umbrella'].map((address) => connection.open_sender(address));
  if (!large || !small) throw new Error('no links');
  await Promise.all([once(large, 'sendable'), once(small, 'sendable')]);
  const detached = once(large, 'sender_error');
  large.send({ body: 'x'.repeat(3_000_000) });
  await detached;
  expect(large.error).toMatchObject({ condition: 'amqp:link:message-size-exceeded' });
  const accepted = once(small, 'accepted');
  small.send({ body: 'x' });
  await accepted;
  expect(errors).toEqual([]);
  connection.close();
});

test('a client that asks for transactions is refused its link, and its connection goes on', async () => {
  const { connect } = await given();
  const connection = await connect();
  const session = connection.create_session() as unknown as {
    begin(): void;
    create_sender(name: string): rhea.Sender;
  };
  session.begin();
  const link = session.create_sender('transactions');
  const target = types['wrap_described']?.(types['wrap_list']?.([]), 0x30);
  const { local } = link as unknown as { local: { attach: Record<string, unknown> } };
  Object.assign(local.attach, { target, source: undefined });
  (link as unknown as { attach(): void }).attach();
  await once(link, 'sender_error');
  expect(link.error).toMatchObject({ condition: 'amqp:not-implemented' });
  const other = connection.open_sender('event/acme');
  await once(other, 'sendable');
  const accepted = once(other, 'accepted');
  other.send({ body: 'x' });
  await accepted;
  connection.close();
});

/** Places of fields of a transfer that rhea leaves out (AMQP 1.0 §2.7.5). */
const field = { state: 7, aborted: 9 };

/** Adds such a field to the transfers of this link, until the returned function is called. */
function withField(link: rhea.Sender, at: number, value: unknown): () => void {
  const session = link.session as unknown as {
    output(frame: { readonly value: unknown[] }, payload: unknown): void;
  };
  const { output } = session;
  session.output = function (frame, payload) {
    for (let index = frame.value.length; index < at; index++) frame.value[index] = types['wrap']?.(null);
    frame.value[at] = value;
    output.call(this, frame, payload);
  };
  return () => void (session.output = output);
}

test('a delivery that a client aborts is not published, and its link goes on', async () => {
  const { connect } = await given();
  const connection = await connect();
  const link = connection.open_sender('event/acme');
  await once(link, 'sendable');
  const restore = withField(link, field.aborted, types['wrap_boolean']?.(true));
  link.send({ body: 'aborted' });
  // rhea writes it in a tick of its own.
  await new Promise((resolve) => setImmediate(resolve));
  restore();
  const accepted = once(link, 'accepted');
  link.send({ body: 'x' });
  await accepted;
  const receiver = connection.open_receiver('event/acme');
  const [{ message }] = (await once(receiver, 'message')) as [rhea.EventContext];
  expect(message?.body).toBe('x');
  connection.close();
});

test('a message within a transaction is not published: its link is detached', async () => {
  const { connect } = await given();
  const connection = await connect();
  const link = connection.open_sender('event/acme');
  await once(link, 'sendable');
  withField(link, field.state, types['wrap_described']?.(types['wrap_list']?.([]), 0x34));
  link.send({ body: 'x' });
  await once(link, 'sender_error');
  expect(link.error).toMatchObject({ condition: 'amqp:not-implemented' });
  connection.close();
});
