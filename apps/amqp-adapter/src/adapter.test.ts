import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { startAdapter } from '@rollcall/adapter-process';
import { describeAdapter } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { recordingLog, ManualClock, RecordingSender, RecordingSink, settled } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import {
  scriptedAuthorities,
  scriptedPassword,
  scriptedPasswords,
  ScriptedRegistry,
} from '@rollcall/conformance/registry';
import { systemClock, systemRandom } from '@rollcall/core';
import rhea from 'rhea';
import { afterEach, describe, expect, test } from 'vitest';
import { createAmqpAdapter, type AmqpAdapterOptions } from './adapter.ts';
import { options as defaults } from './testing/options.ts';
import { deviceBytes } from './testing/device-bytes.ts';

const options: AmqpAdapterOptions = { ...defaults, maxPendingSockets: 100 };

const clients: rhea.Connection[] = [];
const adapters: AdapterInTest[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) internalSocket(client)?.destroy();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

function internalSocket(connection: rhea.Connection): { destroy(): void } | undefined {
  return (connection as unknown as { socket?: { destroy(): void } }).socket;
}

interface ClientFacts {
  readonly username?: string;
  readonly password?: string;
  readonly containerId?: string;
  readonly desired?: string;
  readonly tls?: { readonly ca: string; readonly key?: string; readonly cert?: string };
  /** Says nothing of itself, or what its certificate says. */
  readonly nameless?: boolean;
  readonly idleTimeoutMs?: number;
}

/** A real client, and what it heard of its connection's end. */
function connectClient(port: number, facts: ClientFacts = {}) {
  const {
    username = 'thermostat-7@acme',
    password = scriptedPassword,
    containerId = 'unit-1',
    desired,
    tls,
    nameless = false,
    // A manual clock counts the adapter's silence; heartbeats would be on real time.
    idleTimeoutMs = 0,
  } = facts;
  const container = rhea.create_container({ id: containerId });
  for (const event of ['error', 'session_error', 'sender_error', 'receiver_error'])
    container.on(event, () => {});
  const connection = container.connect({
    host: '127.0.0.1',
    port,
    reconnect: false,
    // For rhea a name without password is ANONYMOUS; with a certificate it has EXTERNAL first.
    ...(nameless ? { username: tls ? undefined : 'anybody' } : { username, password }),
    idle_time_out: idleTimeoutMs,
    ...(desired !== undefined && { desired_capabilities: [desired] }),
    ...(tls && { transport: 'tls', servername: 'localhost', enable_sasl_external: true, ...tls }),
  } as never);
  clients.push(connection);
  const opened = new Promise<boolean>((resolve) => {
    connection.once('connection_open', () => resolve(true));
    connection.once('disconnected', () => resolve(false));
  });
  const over = new Promise<void>((resolve) => {
    for (const event of ['connection_close', 'connection_error', 'disconnected'])
      connection.once(event, () => setImmediate(resolve));
  });
  /** The condition that the adapter closed it with. */
  const condition = (): string | undefined =>
    (connection.error as { condition?: string } | undefined)?.condition;
  let failure = '';
  connection.on('connection_error', ({ error }: rhea.EventContext) => (failure = String(error?.message)));
  return { container, connection, condition, saslFailure: () => failure, opened, over };
}

describeAdapter('AMQP 1.0', {
  bytes: deviceBytes,
  createAdapter: (limits) => createAmqpAdapter({ ...options, ...limits }),
  silenceMs: options.idleTimeoutMs,
  // SASL outcome sys-temp.
  temporary: 'Failed to authenticate: 4',
  async connect({ port }, { username, password, remoteId }, heard) {
    const { connection, condition, saslFailure, opened, over } = connectClient(port, {
      username,
      password,
      containerId: remoteId,
      desired: 'sole-connection-for-container',
    });
    if (!(await opened)) {
      heard?.(saslFailure());
      return undefined;
    }
    // A device that is refused once it is authenticated hears why at once.
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 30))]);
    if (condition() !== undefined) return undefined;
    return {
      async leave() {
        connection.close();
        await over;
      },
      async vanish() {
        internalSocket(connection)?.destroy();
      },
      // Its heartbeats are on real time, and the adapter's clock is a manual one.
      fallSilent: async () => {},
    };
  },
});

async function givenAnAdapter(facts: Partial<AmqpAdapterOptions> = {}, setting: TestSetting = {}) {
  const adapter = await startForTest(createAmqpAdapter({ ...options, ...facts }), setting);
  adapters.push(adapter);
  return adapter;
}

/** A device with a link to send on, and the outcomes of what it sent. */
async function givenADevice(
  facts: ClientFacts = {},
  setting: TestSetting = {},
  adapterFacts: Partial<AmqpAdapterOptions> = {},
) {
  const adapter = await givenAnAdapter(adapterFacts, setting);
  const device = connectClient(adapter.address.port, facts);
  expect(await device.opened).toBe(true);
  const sender = device.connection.open_sender({ target: {}, treat_modified_as_released: false } as never);
  await once(sender, 'sendable');
  const outcomes = new Map<rhea.Delivery, (outcome: string) => void>();
  for (const event of ['accepted', 'released', 'rejected'])
    sender.on(event, ({ delivery }: rhea.EventContext) => {
      const { condition } =
        (delivery?.remote_state as { error?: { condition?: string } } | undefined)?.error ?? {};
      if (delivery) outcomes.get(delivery)?.(condition ?? event);
    });
  const send = (message: rhea.Message): Promise<string> =>
    new Promise((resolve) => outcomes.set(sender.send(message), resolve));
  return { ...adapter, device, linkToSend: sender, send };
}

describe('uploading', () => {
  test('telemetry and events arrive as the device sent them, and are accepted once the network has them', async () => {
    const { send, sender } = await givenADevice();
    expect(await send({ to: 'telemetry', body: 'text', content_type: 'text/plain' })).toBe('accepted');
    expect(
      await send({ to: 'event', body: rhea.message.data_section(Buffer.from('bytes')), ttl: 5_500 }),
    ).toBe('accepted');
    expect(sender.messages).toMatchObject([
      {
        endpoint: 'telemetry',
        qos: 1,
        contentType: 'text/plain',
        origAdapter: 'hono-amqp',
        origAddress: 'telemetry',
      },
      { endpoint: 'event', qos: 1, contentType: 'application/octet-stream', ttlMs: 5_000 },
    ]);
    expect(sender.messages.map(({ payload }) => Buffer.from(payload ?? []).toString())).toEqual([
      'text',
      'bytes',
    ]);
  });

  test('a gateway uploads for its device, and for no other', async () => {
    const { send, sender } = await givenADevice({ username: 'gw-1@acme' });
    expect(await send({ to: 'telemetry//valve-1', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry/acme/valve-1', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry/umbrella/valve-1', body: 'x' })).toBe('amqp:unauthorized-access');
    expect(sender.messages).toMatchObject([
      { device: { device: 'valve-1' } },
      { device: { device: 'valve-1' } },
    ]);
  });

  test.each([
    ['nowhere', { to: 'nowhere', body: 'x' }, 'amqp:not-found'],
    ['to nobody', { body: 'x' }, 'amqp:not-found'],
    ['nothing without a content type', { to: 'telemetry', body: 7 }, 'hono:bad-request'],
  ])('%s is rejected', async (_what, message, outcome) => {
    const { send, sender } = await givenADevice();
    expect(await send(message as rhea.Message)).toBe(outcome);
    expect(sender.messages).toEqual([]);
  });

  test('what the network cannot take now is released', async () => {
    const { send, sender } = await givenADevice();
    sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer' } });
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('released');
  });

  test('outcomes of different kinds in one turn stay apart', async () => {
    const { send, sender } = await givenADevice();
    sender.outcome = ({ contentType }) =>
      contentType === 'a/bad'
        ? { status: 'failed', failure: { status: 503, text: '' } }
        : { status: 'accepted' };
    const sent = ['a/good', 'a/bad', 'a/good', 'a/bad'].map((content_type) =>
      send({ to: 'telemetry', body: 'x', content_type }),
    );
    expect(await Promise.all(sent)).toEqual(['accepted', 'released', 'accepted', 'released']);
  });

  test('telemetry that the device has settled has QoS 0; what it has settled and is not taken is dropped, with one line in the log', async () => {
    const { device, sender, logged } = await givenADevice();
    const settledLink = device.connection.open_sender({ target: {}, snd_settle_mode: 1 } as never);
    await once(settledLink, 'sendable');
    settledLink.send({ to: 'telemetry', body: 'x' });
    for (const to of ['event', 'event']) settledLink.send({ to, body: 'x' });
    const failed = (): number => logged.filter(({ message }) => message === 'upload failed').length;
    await expect.poll(failed).toBe(2);
    settledLink.send({ to: 'nowhere', body: 'x' });
    await expect.poll(failed).toBe(3);
    expect(logged.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        message: 'an upload is dropped, and its device does not hear of it',
        facts: { device: 'thermostat-7', text: 'event endpoint accepts unsettled messages only' },
      },
    ]);
    expect(sender.messages).toMatchObject([{ endpoint: 'telemetry', qos: 0 }]);
  });

  test('a hundred messages go through a link of less credit', async () => {
    const { linkToSend, sender } = await givenADevice();
    let sent = 0;
    const sendSome = (): void => {
      while (sent < 100 && linkToSend.sendable()) {
        sent += 1;
        linkToSend.send({ to: 'telemetry', body: String(sent) });
      }
    };
    linkToSend.on('sendable', sendSome);
    sendSome();
    await expect.poll(() => sender.messages.length).toBe(100);
  });

  test('a message is too large with what stands beside its payload, though the payload alone would fit', async () => {
    const { linkToSend, send, sender } = await givenADevice();
    expect(await send({ to: 'telemetry', body: 'x'.repeat(1_950) })).toBe('accepted');
    const detached = once(linkToSend, 'sender_error');
    linkToSend.send({ to: 'telemetry', body: 'x'.repeat(1_950), subject: 'y'.repeat(200) });
    linkToSend.send({ to: 'telemetry', body: 'on its way' });
    await detached;
    expect(linkToSend.error).toMatchObject({ condition: 'amqp:link:message-size-exceeded' });
    expect(sender.messages).toHaveLength(1);
  });

  test('a session outlives more detached links than its window has room for', async () => {
    const { device, send } = await givenADevice();
    for (let link = 0; link < 3; link++) {
      const tooLarge = device.connection.open_sender({ target: {} });
      await once(tooLarge, 'sendable');
      const delivery = tooLarge.send({ to: 'telemetry', body: 'x'.repeat(3_000) });
      await once(tooLarge, 'sender_error');
      // The client would keep it for ever.
      Object.assign(delivery, { settled: true, remote_settled: true });
    }
    for (let sent = 0; sent < 2_100; sent++) await send({ to: 'telemetry', body: 'x' });
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  });

  test.each([
    [
      'with a content type is uploaded without a payload',
      { content_type: 'a/b' },
      'accepted',
      [{ contentType: 'a/b' }],
    ],
    ['without a content type is rejected', {}, 'hono:bad-request', []],
  ])('a body in a described value %s', async (_what, facts, outcome, uploaded) => {
    const { send, sender, linkToSend } = await givenADevice();
    const whole = rhea.message.encode({ to: 'telemetry', body: 'x', ...facts });
    const text = Buffer.from([0xa1, 1, 0x78]);
    expect(whole.subarray(-3)).toEqual(text);
    const described = Buffer.concat([whole.subarray(0, -3), Buffer.from([0, 0x53, 0x99]), text]);
    const [heard] = await Promise.all([
      Promise.race(['accepted', 'rejected'].map((event) => once(linkToSend, event))),
      Promise.resolve(linkToSend.send(described, undefined, 0)),
    ]);
    const { delivery } = heard[0] as rhea.EventContext;
    const { error } = (delivery?.remote_state ?? {}) as { error?: { condition?: string } };
    expect(error?.condition ?? 'accepted').toBe(outcome);
    expect(sender.messages).toMatchObject(uploaded);
    for (const message of sender.messages) expect(message.payload ?? []).toHaveLength(0);
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 0],
    [0, 1],
    [2, 1],
  ])('settle modes %i and %i are those that the device asks for, and serve', async (snd, rcv) => {
    const { device, sender } = await givenADevice();
    const link = device.connection.open_sender({
      target: {},
      snd_settle_mode: snd,
      rcv_settle_mode: rcv,
    } as never);
    if (rcv === 1) link.on('accepted', ({ delivery }: rhea.EventContext) => delivery?.update(true));
    await once(link, 'sendable');
    expect([link.snd_settle_mode, link.rcv_settle_mode]).toEqual([snd, rcv]);
    // More than its credit: it gets that back.
    let sent = 0;
    const sendSome = (): void => {
      for (; sent < 100 && link.sendable(); sent++) link.send({ to: 'telemetry', body: 'x' });
    };
    link.on('sendable', sendSome);
    sendSome();
    await expect.poll(() => sender.messages.length).toBe(100);
  });

  test('a device that settles last gets no more credit than it gave back', async () => {
    const { device, sender } = await givenADevice();
    const link = device.connection.open_sender({
      target: {},
      rcv_settle_mode: 1,
      autosettle: false,
    } as never);
    await once(link, 'sendable');
    expect((link as unknown as { credit: number }).credit).toBe(30);
    for (let sent = 0; sent < 30; sent++) link.send({ to: 'telemetry', body: 'x' });
    const heard: rhea.Delivery[] = [];
    link.on('accepted', ({ delivery }: rhea.EventContext) => delivery && heard.push(delivery));
    await expect.poll(() => heard.length).toBe(30);
    expect(link.sendable()).toBe(false);
    heard[0]?.update(true);
    await once(link, 'sendable');
    expect(sender.messages).toHaveLength(30);
  });

  test.each([3_000, 100_000, 1_000_000])(
    'a message of %i bytes detaches its link, and the others of its session go on',
    async (bytes) => {
      const { device, send, sink, logged } = await givenADevice({}, {}, { maxFrameBytes: 4_096 });
      const link = device.connection.open_sender({ target: {} });
      await once(link, 'sendable');
      const detached = once(link, 'sender_error') as Promise<[rhea.EventContext]>;
      link.send({ to: 'telemetry', body: 'x'.repeat(bytes) });
      expect((await detached)[0].sender?.error).toMatchObject({
        condition: 'amqp:link:message-size-exceeded',
        description: 'message is larger than 2048 bytes',
      });
      for (let sent = 0; sent < 40; sent++)
        expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
      expect(sink.events).toHaveLength(1);
      expect(logged.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    },
  );

  test('more messages than a device may upload are rejected, and it stays', async () => {
    const { send, sink, clock } = await givenADevice({}, { settings: { maxMessagesPerSecond: 10 } });
    for (let sent = 0; sent < 10; sent++) expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('amqp:resource-limit-exceeded');
    clock.advance(1_000);
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
    expect(sink.events).toHaveLength(1);
  });

  test('a message for a device that it may not act for is rejected, and it stays', async () => {
    const { send, sink } = await givenADevice();
    expect(await send({ to: 'event//valve-1', body: 'x' })).toBe('amqp:unauthorized-access');
    expect(await send({ to: 'event', body: 'x' })).toBe('accepted');
    expect(sink.events).toHaveLength(1);
  });

  test('access that ended ends the connection', async () => {
    const { send, registry, events } = await givenADevice();
    registry.assertRegistration = async () => ({ status: 'not-found' });
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('amqp:not-found');
    expect((await events(2))[1]).toMatchObject({ reason: 'access-revoked' });
  });
});

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

describe('links that are not served', () => {
  test.each([
    ['command', 'amqp:not-implemented', 'commands are not supported'],
    ['c', 'amqp:not-implemented', 'commands are not supported'],
    ['command//valve-1', 'amqp:not-implemented', 'commands are not supported'],
    ['command/acme/valve-1', 'amqp:not-implemented', 'commands are not supported'],
    ['telemetry', 'amqp:not-found', 'no such node'],
  ])('a receiver from %s is told so', async (source, condition, description) => {
    const { device } = await givenADevice();
    const receiver = device.connection.open_receiver(source);
    const [context] = (await once(receiver, 'receiver_error')) as [rhea.EventContext];
    expect(context.receiver?.error).toMatchObject({ condition, description });
  });

  test('a link to send on that names an address is refused', async () => {
    const { device } = await givenADevice();
    const sender = device.connection.open_sender('telemetry');
    const [context] = (await once(sender, 'sender_error')) as [rhea.EventContext];
    expect(context.sender?.error).toMatchObject({ condition: 'hono:bad-request' });
    // A link that is refused is answered without a target, so that the client does not take it for its own.
    expect(rhea.types.unwrap(context.sender?.target)).toBeNull();
  });
});

describe('transactions', () => {
  const localTransactions = rhea.types.wrap_array(['amqp:local-transactions'], 0xa3, undefined);
  const coordinator = (...capabilities: unknown[]) =>
    rhea.types.wrap_described(rhea.types.wrap_list(capabilities), 0x30);

  test.each([
    ['with capabilities', coordinator(localTransactions)],
    ['without any', coordinator()],
  ])('a coordinator %s is refused, and the device goes on', async (_what, target) => {
    const { device, send } = await givenADevice();
    const link = device.connection.create_session() as unknown as {
      begin(): void;
      create_sender(name: string): rhea.Sender;
    };
    link.begin();
    const sender = link.create_sender('transactions');
    const attach = (sender as unknown as { local: { attach: Record<string, unknown> } }).local.attach;
    Object.assign(attach, { target, source: undefined });
    (sender as unknown as { attach(): void }).attach();
    await once(sender, 'sender_error');
    expect(sender.error).toMatchObject({ condition: 'amqp:not-implemented' });
    expect(rhea.types.unwrap(sender.target)).toBeNull();
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  });
});

describe('connecting', () => {
  test('the connected event has the container id, the protocol and the idle time-out', async () => {
    const { events } = await givenADevice({ containerId: 'unit-7' });
    const [event] = await events(1);
    expect(event).toMatchObject({
      remoteId: 'unit-7',
      protocol: 'AMQP 1.0',
      basis: { kind: 'session', detectWithinMs: 60_000 },
      adapter: { type: 'hono-amqp' },
    });
    expect(event).not.toHaveProperty('slot');
  });

  test('a device is told how many sessions it may begin, and how many links each may have', async () => {
    const { device, linkToSend } = await givenADevice();
    expect(device.connection).toMatchObject({ channel_max: 7, offered_capabilities: ['ANONYMOUS-RELAY'] });
    const { remote } = linkToSend.session as unknown as { remote: { begin: { handle_max: number } } };
    expect(remote.begin.handle_max).toBe(63);
  });

  test('a container that does not ask to be the only one may connect twice', async () => {
    const { address, events } = await givenADevice();
    expect(await connectClient(address.port).opened).toBe(true);
    expect((await events(2)).map(({ type }) => type)).toEqual(['connected', 'connected']);
  });

  test('a device that is taken over, and one whose access ends, hear why', async () => {
    const desired = 'sole-connection-for-container';
    const { address, device, registry } = await givenADevice({ desired });
    const second = connectClient(address.port, { desired });
    await device.over;
    expect(device.condition()).toBe('amqp:resource-locked');
    expect(await second.opened).toBe(true);
    registry.disable('acme');
    await second.over;
    expect(second.condition()).toBe('amqp:unauthorized-access');
  });

  test('a device that connects to another adapter of the fleet as the only one hears why', async () => {
    const desired = 'sole-connection-for-container';
    const clock = new ManualClock();
    const { create: directory } = new MemoryFleet(clock);
    const a = await givenAnAdapter({}, { clock, directory, settings: { adapterId: 'a' } });
    const b = await givenAnAdapter({}, { clock, directory, seed: 2, settings: { adapterId: 'b' } });
    const older = connectClient(a.address.port, { desired });
    expect(await older.opened).toBe(true);
    expect(await connectClient(b.address.port, { desired }).opened).toBe(true);
    await older.over;
    expect(older.condition()).toBe('amqp:resource-locked');
    expect((await a.events(2))[1]).toMatchObject({ reason: 'taken-over' });
  });

  test('a tenant that is disabled is told once the connection is open', async () => {
    const adapter = await givenAnAdapter();
    adapter.registry.disable('acme');
    const refused = connectClient(adapter.address.port);
    await refused.over;
    expect(refused.condition()).toBe('amqp:unauthorized-access');
    await settled();
    expect(adapter.sink.events).toEqual([]);
  });

  test('a registry that is away is no fault of the device', async () => {
    const adapter = await givenAnAdapter();
    adapter.registry.unavailable = true;
    expect(await connectClient(adapter.address.port).opened).toBe(false);
    expect(adapter.sink.events).toEqual([]);
  });

  test('a network connection that does not open in time is closed', async () => {
    const { address, clock } = await givenAnAdapter();
    const before = clock.armed;
    const socket = connectSocket(address.port, '127.0.0.1').resume();
    while (clock.armed === before) await settled();
    const closed = once(socket, 'close');
    await clock.advanceAsync(options.openTimeoutMs);
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  test('a device that breaks the protocol is reported with protocol-error', async () => {
    const { device, events } = await givenADevice();
    (device.connection as unknown as { socket: { write(bytes: Uint8Array): void } }).socket.write(
      Buffer.alloc(8),
    );
    expect((await events(2))[1]).toMatchObject({
      reason: 'protocol-error',
      raw: { text: 'a frame is too small or too large' },
    });
  });

  test('a device that closes with an error leaves unclean', async () => {
    const { device, events } = await givenADevice();
    device.connection.close({ condition: 'amqp:internal-error', description: 'out of memory' });
    expect((await events(2))[1]).toMatchObject({
      reason: 'client-closed',
      clean: false,
      raw: { code: 'amqp:internal-error', text: 'out of memory' },
    });
  });

  test('a device over TLS logs in with a password or with a certificate', async () => {
    const { key, cert } = localhostCertificate();
    const { plain: _plain, ...withoutPlain } = options;
    const adapter = await startForTest(
      createAmqpAdapter({ ...withoutPlain, tls: { host: '127.0.0.1', port: 0, key, cert } }),
    );
    adapters.push(adapter);
    expect(await connectClient(adapter.address.port, { tls: { ca: cert } }).opened).toBe(true);
    const own = scriptedAuthorities.umbrella.issue({ subject: 'CN=valve-1,O=umbrella' });
    const tls = { ca: cert, key: own.key, cert: own.cert };
    expect(await connectClient(adapter.address.port, { tls, nameless: true }).opened).toBe(true);
    expect((await adapter.events(2)).map(({ device }) => device)).toEqual([
      { tenant: 'acme', device: 'thermostat-7' },
      { tenant: 'umbrella', device: 'valve-1' },
    ]);
  });
});

test('on the real clock, silence ends a connection, and neither side keeps it', async () => {
  const sink = new RecordingSink();
  const running = await startAdapter({
    adapter: createAmqpAdapter({ ...options, idleTimeoutMs: 1_000 }),
    registry: new ScriptedRegistry(),
    passwords: scriptedPasswords(systemClock),
    sinks: [sink],
    sender: new RecordingSender(),
    clock: systemClock,
    random: systemRandom,
    log: recordingLog(),
    settings: {
      adapterId: 'amqp-0',
      exposeRemoteAddress: true,
      maxConnections: 10,
      maxMessagesPerSecond: 0,
      admission: { maxRunning: 10, maxWaiting: 10, maxWaitMs: 1_000 },
      commitWaitMs: 50,
      announceIntervalMs: 0,
      outbox: { maxEvents: 100, maxBytes: 100_000 },
    },
  });
  const { connection, opened } = connectClient(running.listening[0]?.port ?? 0, { idleTimeoutMs: 1_000 });
  expect(await opened).toBe(true);
  // Its heartbeats keep it, and it has no more patience with the adapter: for a while it stays.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(sink.events).toHaveLength(1);
  // Nothing it writes goes out any more.
  (connection as unknown as { socket: { write(): boolean } }).socket.write = () => true;
  await expect.poll(() => sink.events.length).toBe(2);
  expect(sink.events[1]).toMatchObject({ reason: 'keepalive-timeout', clean: false });
  await running.stop({ graceMs: 1_000 });
});
