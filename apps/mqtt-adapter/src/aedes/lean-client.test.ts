import { hash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Aedes } from 'aedes';
import { generate, type Packet } from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLeanClients } from './lean-client.ts';
import { createSilentBroker } from './silent-broker.ts';

let broker: Aedes;
const closers: (() => void)[] = [];

beforeEach(async () => {
  broker = await createSilentBroker({ maximumPacketSize: 100 });
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await new Promise<void>((resolve) => broker.close(() => resolve()));
});

type Inside = Record<string, unknown> & { readonly _parser: Record<string, unknown>; close(): void };

function bothClients(): { readonly own: Inside; readonly lean: Inside } {
  const stream = (): Socket =>
    new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() }) as Socket;
  const own = broker.handle(stream()) as unknown as Inside;
  const lean = createLeanClients(broker)(stream()) as unknown as Inside;
  closers.push(
    () => own.close(),
    () => lean.close(),
  );
  return { own, lean };
}

const isPlain = (value: unknown): boolean =>
  value === null || ['undefined', 'boolean', 'number', 'string'].includes(typeof value);
const plainOf = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([name, value]) => isPlain(value) && name !== '_nextId'));
/** What an emitter keeps of itself, and by which name, is Node.js' own. */
const namesOf = (object: object): string[] =>
  Object.keys(object).filter((name) => !name.startsWith('_event'));

describe('a lean client', () => {
  test('has all that a client of aedes has, and begins as it does', () => {
    const { own, lean } = bothClients();
    expect(namesOf(own).filter((name) => !(name in lean))).toEqual([]);
    expect(plainOf(lean)).toMatchObject(plainOf({ ...own, _maxListeners: undefined }));
    expect(namesOf(own._parser).filter((name) => !(name in lean._parser))).toEqual([]);
    expect(plainOf(lean._parser)).toEqual(plainOf(own._parser));
    expect(lean._parser['packet']).toEqual(own._parser['packet']);
  });

  test('does what it does as a client of aedes, unless that is told here', () => {
    const { own, lean } = bothClients();
    const prototype = Object.getPrototypeOf(own) as object;
    const functions = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
    expect(functions.length).toBeGreaterThan(10);
    for (const name of functions) expect(lean[name]).toBe(own[name]);
    const ofOne = namesOf(own).filter((name) => typeof own[name] === 'function');
    expect(ofOne.toSorted()).toEqual(['_eos', '_nextBatch', 'deliver0', 'deliverQoS']);
  });

  test('stands for this constructor of aedes and no other: where that changes, it has to as well', () => {
    const { own } = bothClients();
    const { constructor } = Object.getPrototypeOf(own) as { readonly constructor: () => void };
    expect(hash('sha256', String(constructor), 'hex')).toBe(
      '6ff09a4357e0d99051a9ae04ddc173606d1491130541148aa1aba39937fc60e2',
    );
  });

  test('shares nothing of a device with another', () => {
    const { own, lean } = bothClients();
    const { lean: other } = bothClients();
    const shared = (one: object, two: object): string[] =>
      Object.entries(one)
        .filter(([name, value]) => typeof value === 'object' && value === (two as Inside)[name])
        .filter(([, value]) => value !== null && !Object.isFrozen(value))
        .map(([name]) => name);
    expect(shared(lean, other)).toEqual(shared(own, { broker }));
    expect(shared(lean._parser, other._parser)).toEqual([]);
  });
});

async function givenADevice() {
  const clientOf = createLeanClients(broker);
  const clients: Inside[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.push(clientOf(socket) as unknown as Inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const device = connect((server.address() as AddressInfo).port, '127.0.0.1');
  device.on('error', () => {});
  closers.push(
    () => device.destroy(),
    () => server.close(),
  );
  await once(device, 'connect');
  await expect.poll(() => clients).toHaveLength(1);
  const [client] = clients;
  if (!client) throw new Error('there is no client');
  return { device, client };
}

const hello: Packet = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  clientId: 'a',
  keepalive: 0,
};

test('a device without a CONNECT is dropped in time', async () => {
  (broker as unknown as { connectTimeout: number }).connectTimeout = 10;
  const dropped = once(broker, 'connectionError');
  const { device } = await givenADevice();
  const [, error] = (await dropped) as [unknown, Error];
  expect(error.message).toBe('connect did not arrive in time');
  await once(device, 'close');
});

test.each([98, 99])('a packet of 100 bytes is the longest: %i and its header', async (length) => {
  const { device, client } = await givenADevice();
  device.write(generate(hello));
  await once(device, 'data');
  const refused = once(broker, 'clientError');
  device.write(Buffer.from([0x30, length, 0, 1]));
  if (length === 98) {
    device.write(Buffer.concat([Buffer.alloc(length - 2, 'a'), generate({ cmd: 'pingreq' })]));
    expect(((await once(device, 'data')) as [Buffer])[0]).toEqual(generate({ cmd: 'pingresp' }));
    return;
  }
  const [, error] = (await refused) as [unknown, Error];
  expect(error.message).toBe('packet too large');
  await expect.poll(() => client['closed']).toBe(true);
});

test('its end is that of its connection, and not of one side', async () => {
  const { device, client } = await givenADevice();
  device.write(generate(hello));
  await once(device, 'data');
  device.end(generate({ cmd: 'pingreq' }));
  expect(((await once(device, 'data')) as [Buffer])[0]).toEqual(generate({ cmd: 'pingresp' }));
  expect(client['closed']).toBe(false);
  device.resetAndDestroy();
  (client['conn'] as Socket).destroy();
  await expect.poll(() => client['closed']).toBe(true);
});

test.each([
  ['in one piece', [9]],
  ['in several', [1, 2, 3, 3]],
] as const)('what is read of bytes %s is what the list of aedes reads', (_how, lengths) => {
  const { own, lean } = bothClients();
  const lists = [own, lean].map(
    ({ _parser }) => _parser['_list'] as Record<string, (...args: unknown[]) => unknown>,
  );
  const bytes = Buffer.from([1, 2, 0xff, 0xfe, 0xc3, 0xa9, 0x20, 0x41, 0x80]);
  const read = (list: (typeof lists)[number] | undefined): unknown[] => {
    let at = 0;
    for (const length of lengths) list?.['append']?.(bytes.subarray(at, (at += length)));
    return [
      ...[0, 3, 8].map((from) => list?.['readUInt8']?.(from)),
      ...[0, 2, 7].map((from) => list?.['readUInt16BE']?.(from)),
      ...[0, 5].map((from) => list?.['readUInt32BE']?.(from)),
      ...[
        [0, 2],
        [4, 6],
        [3, 9],
        [2, 2],
      ].map((range) => list?.['toString']?.('utf8', ...range)),
    ];
  };
  expect(read(lists[1])).toEqual(read(lists[0]));
  for (const name of ['readUInt8', 'readUInt16BE', 'readUInt32BE'])
    for (const list of lists) expect(() => list[name]?.(9)).toThrow(RangeError);
});
