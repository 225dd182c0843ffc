import { setTimeout as wait } from 'node:timers/promises';
import { startForTest } from '@rollcall/adapter-process/testing';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice, type CoapDevice } from './testing/coap-device.ts';
import { startHandshakeFlood, type FloodOptions } from './testing/handshake-flood.ts';
import { options } from './testing/options.ts';

// Over real sockets and in real time: the adapter, a flood, a connected device, and a new one each second.

const floodSeconds = Number(process.env['ROLLCALL_FLOOD_SECONDS'] ?? 30);
const opensWithinMs = 5_000;
const key = Buffer.from(scriptedKey);
const keyExchange = 16;
const strangers = ['127.0.0.2', '127.0.1.2', '127.0.2.2', '127.0.3.2'];

const psk = (identity: string, secret: Uint8Array = key): FloodOptions['psk'] => ({
  identity: Buffer.from(identity),
  secret,
});
const cookieOnly = (datagram: Buffer): readonly Buffer[] => (datagram[13] === keyExchange ? [] : [datagram]);
const withoutFinished = (datagram: Buffer): readonly Buffer[] => {
  const at = datagram.indexOf(Buffer.from([22, 0xfe, 0xfd, 0, 1]));
  return [at < 0 ? datagram : datagram.subarray(0, at)];
};

type FloodFacts = Omit<FloodOptions, 'port'>;
const stranger = { addresses: strangers, psk: psk('nobody@acme'), handshakesPerSecond: 54 };
const floods: readonly (readonly [string, FloodFacts])[] = [
  ['cookies that are returned, 10 kB/s from four addresses', { ...stranger, sends: cookieOnly }],
  ['the same, ten times as many', { ...stranger, sends: cookieOnly, handshakesPerSecond: 540 }],
  ['the same, from the address of the devices', { ...stranger, sends: cookieOnly, addresses: ['127.0.0.1'] }],
  ['key exchanges that are made up', { ...stranger, sends: withoutFinished, handshakesPerSecond: 200 }],
  ['wrong keys', { ...stranger, psk: psk('valve-1@acme', Buffer.from('wrong')), handshakesPerSecond: 50 }],
  [
    'wrong keys, from the address of the devices',
    {
      addresses: ['127.0.0.1'],
      psk: psk('valve-1@acme', Buffer.from('wrong')),
      handshakesPerSecond: 50,
    },
  ],
  [
    'names that nobody has, from the address of the devices',
    { addresses: ['127.0.0.1'], psk: psk('nobody@acme'), handshakesPerSecond: 50 },
  ],
  ['a device with a valid key that opens associations', { ...stranger, psk: psk('valve-1@acme') }],
];

test.each(floods)('devices are served, and let in within 5 s, during a flood: %s', async (name, facts) => {
  // given
  const adapter = await startForTest(createCoapAdapter({ ...options, maxAssociations: 100 }));
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const stopTime = letTimePass(adapter.clock);
  const there = await givenADevice(adapter.address.port, 'thermostat-7@acme');
  const flood = startHandshakeFlood({ ...facts, port: adapter.address.port });
  onTestFinished(() => (flood.stop(), stopTime()));
  // when
  const answeredMs: number[] = [];
  const openMs: number[] = [];
  const newcomers: Promise<void>[] = [];
  const end = performance.now() + floodSeconds * 1_000;
  for (let i = 0; performance.now() < end; i++) {
    if (i % 10 === 0)
      newcomers.push(
        opensMs(adapter.address.port).then((ms) => {
          openMs.push(ms);
        }),
      );
    const began = performance.now();
    expect(await there.send('telemetry')).toBe('2.04');
    answeredMs.push(performance.now() - began);
    await wait(100);
  }
  flood.stop();
  await Promise.all(newcomers);
  // then
  const rate = `${Math.round(flood.handshakes / floodSeconds)} handshakes, ${Math.round(flood.sentBytes / floodSeconds)} B a second`;
  console.log(`${name} (${rate}): answers ${quantiles(answeredMs)}; new associations ${quantiles(openMs)}`);
  expect(Math.max(...openMs)).toBeLessThanOrEqual(opensWithinMs);
  const connected = adapter.sink.events.filter(({ device }) => device.device === 'thermostat-7');
  expect(connected.map(({ type }) => type)).toEqual(['connected']);
});

/** The clock of a test, as if it were the system's. */
function letTimePass(clock: { advance(ms: number): void }): () => void {
  let before = performance.now();
  const beat = setInterval(() => {
    const now = performance.now();
    clock.advance(Math.floor(now - before));
    before += Math.floor(now - before);
  }, 10);
  return () => clearInterval(beat);
}

async function givenADevice(port: number, identity: string): Promise<CoapDevice> {
  const device = createCoapDevice(port, { psk: psk(identity) });
  onTestFinished(() => device.vanish());
  expect(await device.connect()).toBe(true);
  return device;
}

/** How long a new device takes; it begins again if it got no answer. */
async function opensMs(port: number): Promise<number> {
  const device = createCoapDevice(port, { psk: psk('gw-1@acme') });
  const began = performance.now();
  void device.connect();
  while (!device.dtls.isOpen && performance.now() - began < 2 * opensWithinMs) await wait(5);
  const tookMs = performance.now() - began;
  device.close();
  return tookMs;
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}
