import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { forgeNetwork } from './testing/forged-network.ts';
import { options } from './testing/options.ts';

// The buffer of a socket is emptied in many turns, none of which is long: what is read last has waited since the first.

const turnMs = 40;

async function givenPresentDevice() {
  const adapter = await startForTest(createCoapAdapter(options));
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const { port } = adapter.address;
  const device = createCoapDevice(port, {
    psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey },
  });
  await device.connect();
  expect(await device.send('telemetry')).toBe('2.04');
  return { adapter, port, device };
}

/** When the device may have left at the earliest, as told. */
function earliestEnd({ sink }: AdapterInTest): number {
  const [, ending] = sink.events;
  expect(ending).toMatchObject({ type: 'disconnected', reason: 'client-closed' });
  return ending?.type === 'disconnected' ? ending.at - ending.uncertaintyMs : Number.NaN;
}

/** The same on a network on which each turn brings as many datagrams as it can read. */
async function givenFullTurns() {
  const network = forgeNetwork();
  const { adapter, port, device } = await givenPresentDevice();
  network.release();
  const fullTurn = async (): Promise<void> => {
    for (let read = 0; read < 32; read++)
      network.arrive(port, Buffer.from('ffffff', 'hex'), { address: '127.0.0.1', family: 'IPv4', port: 0 });
    adapter.clock.advance(turnMs);
    await nextTurn();
  };
  return { adapter, device, fullTurn };
}

type Leave = (device: Awaited<ReturnType<typeof givenPresentDevice>>['device']) => void;
const says: Leave = (device) => void device.send('event?empty&hono-ttd=0', { payload: Buffer.alloc(0) });

test.each<[string, Leave]>([
  ['closes its association', (device) => device.close()],
  ['says goodbye', says],
])(
  'a device that %s long after the first of them left within the interval that is told',
  async (_how, leave) => {
    const { adapter, device, fullTurn } = await givenFullTurns();
    for (let turns = 0; turns < 50; turns++) await fullTurn();
    // when
    const saidAt = adapter.clock.now();
    leave(device);
    while (adapter.sink.events.length < 2) await fullTurn();
    // then
    expect(earliestEnd(adapter)).toBeLessThanOrEqual(saidAt);
    expect(adapter.sink.events[1]?.at).toBeGreaterThanOrEqual(saidAt);
  },
);

test('a device that leaves behind many datagrams left within the interval that is told', async () => {
  const { adapter, port, device } = await givenPresentDevice();
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  onTestFinished(() => void stranger.close());
  // when
  const saidAt = adapter.clock.now();
  await Promise.all(
    Array.from(
      { length: 200 },
      () => new Promise((sent) => stranger.send(Buffer.from('ffffff', 'hex'), port, '127.0.0.1', sent)),
    ),
  );
  device.close();
  while (adapter.sink.events.length < 2) {
    adapter.clock.advance(turnMs);
    await nextTurn();
  }
  // then
  // The first turn reads the first of them.
  expect(earliestEnd(adapter)).toBeLessThanOrEqual(saidAt + 2 * turnMs);
});

test('datagrams that are dropped have been waited for, too', async () => {
  const { adapter, device, fullTurn } = await givenFullTurns();
  // when
  const saidAt = adapter.clock.now();
  for (let turns = 0; turns < 10; turns++) await fullTurn();
  device.close();
  while (adapter.sink.events.length < 2) await fullTurn();
  // then
  expect(earliestEnd(adapter)).toBeLessThanOrEqual(saidAt + 2 * turnMs);
});

test('a device that speaks long after a burst was heard when it spoke', async () => {
  const network = forgeNetwork();
  const { adapter, port, device } = await givenPresentDevice();
  network.release();
  for (let read = 0; read < 32; read++)
    network.arrive(port, Buffer.from('ffffff', 'hex'), { address: '192.0.2.1', family: 'IPv4', port: 4711 });
  for (let turns = 0; turns < 3; turns++) await nextTurn();
  adapter.clock.advance(20_000);
  // when
  const saidAt = adapter.clock.now();
  device.close();
  while (adapter.sink.events.length < 2) await nextTurn();
  // then
  expect(earliestEnd(adapter)).toBe(saidAt);
});
