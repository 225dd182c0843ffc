import { expectUnharmed } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { seededRandom } from '@rollcall/conformance';
import { scriptedKey } from '@rollcall/conformance/registry';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { coapCode } from '@rollcall/coap';
import { coapOption, textOption } from '@rollcall/coap/options';
import { emptyMessage, encodeMessage } from '@rollcall/coap/codec';
import { createCoapClient } from '@rollcall/coap/testing';
import { createDtlsClient } from '@rollcall/dtls/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice } from './testing/coap-device.ts';
import { forgeNetwork, type ForgedNetwork, type Origin, type SendFailure } from './testing/forged-network.ts';
import { options } from './testing/options.ts';
import { sendText } from './testing/send-text.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 900);
const failures: readonly SendFailure[] = [
  'none',
  'throws',
  'EPERM',
  'ENETUNREACH',
  'EMSGSIZE',
  'error event',
];

async function given() {
  const network = forgeNetwork();
  const adapter = await startForTest(
    createCoapAdapter({
      ...options,
      plain: { host: '127.0.0.1', port: 0 },
      authenticationRequired: false,
      endLeasesAtShutdown: true,
    }),
    { settings: { health: { host: '127.0.0.1', port: 0 } } },
  );
  network.release();
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const [secure, plain] = adapter.running.listening;
  if (!secure || !plain) throw new Error('a port is closed');
  const honest = createCoapDevice(secure.port, {
    psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey },
  });
  expect(await honest.connect()).toBe(true);
  return { adapter, network, honest, secure: secure.port, plain: plain.port };
}

/** A device whose datagrams come from anywhere, with its own DTLS and CoAP. */
function forgedDevice(network: ForgedNetwork, port: number, origin: Origin) {
  let failure: SendFailure | undefined;
  const sent: Buffer[] = [];
  let opened = (): void => {};
  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  network.fate(origin, (datagram) => {
    if (failure) return failure;
    const copy = Buffer.from(datagram);
    setImmediate(() => dtls.receive(copy));
    return 'none';
  });
  const dtls = createDtlsClient({
    clock: systemClock,
    psk: { identity: Buffer.from('valve-1@acme'), secret: scriptedKey },
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    send(datagram) {
      sent.push(datagram);
      network.arrive(port, datagram, origin);
    },
    onOpen: opened,
    onMessage: (plaintext) => coap.receive(plaintext),
    onClose() {},
  });
  const coap = createCoapClient({
    clock: systemClock,
    random: systemRandom,
    send: (message) => dtls.send(message),
  });
  return {
    dtls,
    coap,
    sent,
    isOpen,
    breakSending: (how: SendFailure) => (failure = how),
    vanish() {
      dtls.vanish();
      coap.close();
    },
  };
}

async function numbersOf(adapter: AdapterInTest, name: string): Promise<Record<string, number>> {
  const response = await fetch(`http://127.0.0.1:${adapter.running.healthPort}/metrics`);
  const lines = (await response.text()).matchAll(
    new RegExp(`^${name}{.*?(?:cause|where)="(.*?)".*?} (\\d+)$`, 'gm'),
  );
  return Object.fromEntries([...lines].map(([, label, value]) => [label, Number(value)]));
}

const nowhere: Origin = { address: '127.0.0.1', family: 'IPv4', port: 0 };

test.each(['a ClientHello to the port with DTLS', 'a CoAP ping to the port without'])(
  '%s from port 0 is dropped and counted, and ends nothing',
  async (what) => {
    const { adapter, network, honest, secure, plain } = await given();
    const stranger = forgedDevice(network, secure, nowhere);
    if (what.includes('ping')) network.arrive(plain, emptyMessage('CON', 7), nowhere);
    else stranger.dtls.connect();
    // It would send its ClientHello again.
    stranger.vanish();
    expect(await honest.send('event')).toBe('2.04');
    expect(await numbersOf(adapter, 'rollcall_datagrams_dropped_total')).toEqual({ 'port-0': 1 });
    honest.vanish();
  },
);

test.each(failures.filter((failure) => failure !== 'none'))(
  'a device to which nothing can be sent any more (%s) affects no other device, whatever timers it left',
  async (failure) => {
    const { adapter, network, honest, secure } = await given();
    const device = forgedDevice(network, secure, { address: '2001:db8::7', family: 'IPv6', port: 4711 });
    device.dtls.connect();
    await device.isOpen;
    expect(await sendText(device.coap, 'telemetry')).toBe('2.04');
    device.breakSending(failure);
    // One is answered at once, one is acknowledged first, and then the answer is sent again and again.
    for (const path of ['event', 'event?hono-ttd=3']) sendText(device.coap, path).catch(() => {});
    const late = forgedDevice(network, secure, { address: '::ffff:192.0.2.1', family: 'IPv6', port: 1 });
    late.breakSending(failure);
    late.dtls.connect();
    for (let minute = 0; minute < 5; minute++) {
      await adapter.clock.advanceAsync(60_000);
      expect(await honest.send('event')).toBe('2.04');
    }
    const contained = await numbersOf(adapter, 'rollcall_failures_contained_total');
    expect(Object.keys(contained)).toEqual(['coaps: send']);
    // Logged once a minute, with the stack.
    const said = adapter.logged.filter(({ level }) => level === 'error');
    expect(said.length).toBeGreaterThan(0);
    expect(said.length).toBeLessThanOrEqual(5);
    expect(said[0]).toMatchObject({ facts: { where: 'coaps: send' } });
    for (const each of [device, late, honest]) each.vanish();
  },
);

test(
  `${cases} datagrams from anywhere: no crash, and an honest device notices nothing`,
  { timeout: 180_000 + cases * 20 },
  async () => {
    const { adapter, network, honest, ...ports } = await given();
    const random = seededRandom(20_261_128);
    const addresses: readonly Pick<Origin, 'address' | 'family'>[] = [
      ...['127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '192.0.2.1'].map(
        (address) => ({ address, family: 'IPv4' }) as const,
      ),
      ...['::1', '::', 'ff02::1', 'fe80::1%lo', '::ffff:192.0.2.1', '2001:db8::1'].map(
        (address) => ({ address, family: 'IPv6' }) as const,
      ),
    ];
    const portsOfPeers = [0, 1, 53, 1_024, 65_535];

    // What a device sends to either port.
    const model = forgedDevice(network, ports.secure, { address: '192.0.2.9', family: 'IPv4', port: 9 });
    model.dtls.connect();
    await model.isOpen;
    const spoken = {
      secure: [...model.sent],
      plain: [
        emptyMessage('CON', 1),
        encodeMessage({
          type: 'CON',
          code: coapCode.post,
          id: 2,
          token: Uint8Array.of(1),
          options: [textOption(coapOption.uriPath, 'telemetry')],
          payload: Buffer.from('x'),
        }),
      ],
    };

    for (let played = 0; played < cases; played++) {
      const at = random.pick(2) === 0 ? 'secure' : 'plain';
      const address = addresses[random.pick(addresses.length)] ?? { address: '::', family: 'IPv6' };
      const origin: Origin = { ...address, port: portsOfPeers[random.pick(portsOfPeers.length)] ?? 0 };
      const failure = failures[random.pick(failures.length)] ?? 'none';
      network.fate(origin, () => failure);
      const datagram = Buffer.from(spoken[at][random.pick(spoken[at].length)] ?? []);
      for (let changes = random.pick(3); changes > 0; changes--)
        datagram[random.pick(datagram.length)] = random.pick(256);
      network.arrive(ports[at], datagram, origin);
      if (played % 100 === 0) {
        expect(await honest.send('event')).toBe('2.04');
        adapter.clock.advance(500);
      }
    }
    await adapter.clock.advanceAsync(300_000);
    expect(await honest.send('event')).toBe('2.04');

    // Every kind of drop happened.
    const dropped = await numbersOf(adapter, 'rollcall_datagrams_dropped_total');
    expect(dropped['port-0']).toBeGreaterThan(cases / 10);
    const contained = await numbersOf(adapter, 'rollcall_failures_contained_total');
    expect(Object.keys(contained).toSorted()).toEqual(['coap: send', 'coaps: send']);
    honest.vanish();
    model.vanish();
    await adapter.running.stop({ graceMs: 0 });
    expect(adapter.clock.armed).toBe(0);
    expectUnharmed({ ...adapter, logged: adapter.logged.filter(({ facts }) => !('where' in facts)) });
  },
);
