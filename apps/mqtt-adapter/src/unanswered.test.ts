import { once } from 'node:events';
import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { arrived } from '@rollcall/conformance/machine';
import type { CreateDirectory } from '@rollcall/core/directory';
import { expect, onTestFinished, test } from 'vitest';
import { givenAnAdapter } from './testing/mqtt-bed.ts';
import { rawPeer, type RawPeer } from './testing/raw-peer.ts';

// A device that waits for an answer gets one, whatever comes between: never a closed socket alone.

/** An adapter whose directory takes all that it is told, and never answers. */
async function givenOneThatWaits() {
  const clock = new ManualClock();
  const fleet = new MemoryFleet(clock);
  const slow: CreateDirectory = async (context) => {
    const directory = await fleet.create(context);
    const enter = directory.enter.bind(directory);
    directory.enter = (entry) => enter(entry).then(() => new Promise(() => {}));
    return directory;
  };
  const adapter = await givenAnAdapter({}, { clock, directory: slow, settings: { adapterId: 'a' } });
  const other = await givenAnAdapter(
    {},
    { clock, directory: fleet.create, seed: 2, settings: { adapterId: 'b' } },
  );
  return { adapter, other, clock };
}

function dial(port: number, version: 4 | 5): RawPeer {
  const peer = rawPeer(port, version);
  onTestFinished(() => void peer.socket.destroy());
  return peer;
}

test.each([
  [4, { returnCode: 0 }],
  [5, { reasonCode: 0 }],
] as const)(
  'a device that loses its place before it was answered hears that it was let in, as it is told, and then so (MQTT version %i)',
  async (version, answer) => {
    const { adapter, other, clock } = await givenOneThatWaits();
    const older = dial(adapter.address.port, version);
    const heard = older.connect();
    await adapter.events(1);
    expect(await dial(other.address.port, version).connect()).toMatchObject({ cmd: 'connack' });
    await adapter.events(2);
    await clock.advanceAsync(50);
    expect(await heard).toMatchObject({ cmd: 'connack', ...answer });
    if (version === 5) expect(await older.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    await older.closed();
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'taken-over' });
  },
);

test('an MQTT 5.0 device that breaks the protocol before it was answered hears so', async () => {
  const { adapter, clock } = await givenOneThatWaits();
  const device = dial(adapter.address.port, 5);
  device.socket.cork();
  const heard = device.connect();
  device.send({
    cmd: 'subscribe',
    messageId: 1,
    properties: { subscriptionIdentifier: 5 },
    subscriptions: [{ topic: 'error///#', qos: 0 }],
  });
  device.socket.uncork();
  await adapter.events(2);
  await clock.advanceAsync(50);
  expect(await heard).toMatchObject({ cmd: 'connack', reasonCode: 0 });
  expect(await device.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0xa1 });
  expect((await adapter.events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0xa1 } });
});

test('a device whose access ends before it was answered hears that it was let in, and then so', async () => {
  const { adapter, clock } = await givenOneThatWaits();
  const device = dial(adapter.address.port, 5);
  const heard = device.connect();
  await adapter.events(1);
  adapter.registry.disable('acme');
  await adapter.events(2);
  await clock.advanceAsync(50);
  expect(await heard).toMatchObject({ cmd: 'connack', reasonCode: 0 });
  expect(await device.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x98 });
});

test('a CONNECT that arrived while the process was busy is answered, though its time was over before it was read', async () => {
  const connectTimeoutMs = 400;
  const { address } = await givenAnAdapter({ connectTimeoutMs });
  const device = dial(address.port, 5);
  await new Promise((resolve) => device.socket.once('connect', resolve));
  // The adapter accepts it.
  await settled();
  const heard = device.connect();
  const until = performance.now() + connectTimeoutMs;
  while (performance.now() < until);
  expect(await heard).toMatchObject({ cmd: 'connack', reasonCode: 0 });
});

/** It says CONNECT, and closes its side at once. */
function passesBy(port: number): {
  readonly device: RawPeer;
  readonly heard: ReturnType<RawPeer['connect']>;
} {
  const device = dial(port, 4);
  device.socket.cork();
  const heard = device.connect();
  device.socket.end();
  device.socket.uncork();
  return { device, heard };
}

/** Its end arrives before its login is over. Resolves when the adapter has closed the connection, too. */
async function hangsUpBefore(goOn: () => void, device: ReturnType<typeof dial>): Promise<void> {
  await once(device.socket, 'finish');
  await arrived(device.socket);
  goOn();
  await device.closed();
  await settled();
}

test('a device that hangs up behind its CONNECT, while it logs in, was never connected', async () => {
  const { address, sink, registry } = await givenAnAdapter();
  const goOn = registry.hold();
  const { device } = passesBy(address.port);
  await hangsUpBefore(goOn, device);
  expect(sink.events).toEqual([]);
});

// aedes reads nothing while a device logs in: such a byte waits, and the end behind it is never read.
test.each([
  ['a byte', {}, Buffer.from([0x30])],
  [
    'a part of a PUBLISH',
    { maxPayloadBytes: 16_384 },
    Buffer.from([0x30, 0x80, 0x40, ...Buffer.alloc(6_000)]),
  ],
])(
  '%s of a packet before it hangs up keeps no connection open, while it logs in',
  async (_what, facts, part) => {
    const { address, sink, registry } = await givenAnAdapter(facts);
    const goOn = registry.hold();
    const device = dial(address.port, 4);
    void device.connect();
    await settled();
    device.socket.end(part);
    await hangsUpBefore(goOn, device);
    expect(sink.events).toEqual([]);
  },
);

test('one that hangs up when it was let in hears its CONNACK, as it is told', async () => {
  const { adapter, clock } = await givenOneThatWaits();
  const { device, heard } = passesBy(adapter.address.port);
  expect((await adapter.events(2))[1]).toMatchObject({ reason: 'connection-lost' });
  await clock.advanceAsync(50);
  expect(await heard).toMatchObject({ cmd: 'connack', returnCode: 0 });
  await device.closed();
});
