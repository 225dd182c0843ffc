import { startForTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { scriptedKey } from '@rollcall/conformance/registry';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import { createCoapClient } from '@rollcall/coap/testing';
import { createDtlsClient } from '@rollcall/dtls/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { forgeNetwork, type ForgedNetwork, type Origin } from './testing/forged-network.ts';
import { options } from './testing/options.ts';
import { sendText } from './testing/send-text.ts';

const home: Origin = { address: '192.0.2.1', family: 'IPv4', port: 4711 };
const moved: Origin = { address: '198.51.100.7', family: 'IPv4', port: 815 };
const stranger: Origin = { address: '203.0.113.66', family: 'IPv4', port: 1 };

async function givenAnAdapter(setting: TestSetting = {}) {
  const network = forgeNetwork();
  const adapter = await startForTest(createCoapAdapter(options), setting);
  network.release();
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  return { ...adapter, network, port: adapter.running.listening[0]?.port ?? 0 };
}

/** A device with a connection id, heard from where `at` says, and reached where `reach` says. */
function givenADevice(network: ForgedNetwork, port: number, username: string) {
  let at = home;
  const dtls = createDtlsClient({
    clock: systemClock,
    psk: { identity: Buffer.from(username), secret: scriptedKey },
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    connectionId: Buffer.from(username.slice(0, 4)),
    send: (datagram) => network.arrive(port, datagram, at),
    onOpen: () => opened(),
    onMessage: (plaintext) => coap.receive(plaintext),
  });
  let opened = (): void => {};
  const coap = createCoapClient({
    clock: systemClock,
    random: systemRandom,
    send: (message) => dtls.send(message),
  });
  onTestFinished(() => {
    dtls.vanish();
    coap.close();
  });
  return {
    dtls,
    send: (path: string) => sendText(coap, path),
    comeFrom: (origin: Origin) => (at = origin),
    /** Whether datagrams to that origin arrive from now on. */
    reach(origin: Origin, arrives: boolean): void {
      network.fate(origin, (datagram) => {
        const copy = Buffer.from(datagram);
        if (arrives) setImmediate(() => dtls.receive(copy));
        return 'none';
      });
    },
    async connect(): Promise<void> {
      const open = new Promise<void>((resolve) => (opened = resolve));
      dtls.connect();
      await open;
    },
  };
}

function causes({ sink }: Awaited<ReturnType<typeof givenAnAdapter>>): (readonly [string, string])[] {
  return sink.events.map((event) => [
    event.device.device,
    event.type === 'connected' ? event.type : event.reason,
  ]);
}

test('a device whose address another one took goes on from its next address, with its association and its lease', async () => {
  // given two devices, of which a NAT gave the second the address that the first had
  const adapter = await givenAnAdapter();
  const first = givenADevice(adapter.network, adapter.port, 'thermostat-7@acme');
  first.reach(home, true);
  await first.connect();
  expect(await first.send('telemetry')).toBe('2.04');
  const second = givenADevice(adapter.network, adapter.port, 'valve-1@acme');
  second.reach(home, true);
  await second.connect();
  expect(await second.send('telemetry')).toBe('2.04');
  // when the first comes back
  first.comeFrom(moved);
  first.reach(moved, true);
  expect(await first.send('telemetry')).toBe('2.04');
  // then both are there
  expect(await second.send('telemetry')).toBe('2.04');
  first.dtls.close();
  await adapter.events(3);
  expect(causes(adapter)).toEqual([
    ['thermostat-7', 'connected'],
    ['valve-1', 'connected'],
    ['thermostat-7', 'client-closed'],
  ]);
});

test('a request that is relayed from elsewhere is answered at the device’s own address, after 2 s', async () => {
  const adapter = await givenAnAdapter();
  const device = givenADevice(adapter.network, adapter.port, 'thermostat-7@acme');
  device.reach(home, true);
  device.reach(stranger, false);
  await device.connect();
  device.comeFrom(stranger);
  const answers: string[] = [];
  void device.send('telemetry').then((code) => answers.push(code));
  while (adapter.sender.messages.length === 0) await settled();
  await adapter.clock.advanceAsync(1_999);
  for (let turn = 0; turn < 20; turn++) await settled();
  expect(answers).toEqual([]);
  await adapter.clock.advanceAsync(1);
  while (answers.length === 0) await settled();
  expect(answers).toEqual(['2.04']);
});

test('a device without an address is not probed, and is reported as inactive', async () => {
  const adapter = await givenAnAdapter({ tenant: { presenceIntervalSeconds: 600, presenceProbe: true } });
  const first = givenADevice(adapter.network, adapter.port, 'thermostat-7@acme');
  first.reach(home, true);
  await first.connect();
  await first.send('telemetry');
  const second = givenADevice(adapter.network, adapter.port, 'valve-1@acme');
  second.reach(home, true);
  await second.connect();
  await adapter.clock.advanceAsync(600_000);
  await adapter.events(2);
  expect(causes(adapter)).toEqual([
    ['thermostat-7', 'connected'],
    ['thermostat-7', 'inactive'],
  ]);
});
