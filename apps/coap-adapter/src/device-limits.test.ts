import { createPrivateKey } from 'node:crypto';
import type { HostAccess, PskLookup, RefusalReason } from '@rollcall/access';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import type { IssuedCertificate } from '@rollcall/conformance/certificates';
import { scriptedAuthorities, scriptedKey } from '@rollcall/conformance/registry';
import type { ServerCertificate } from '@rollcall/dtls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCoapAdapter, type CoapAdapterOptions } from './adapter.ts';
import { createCoapDevice, type CoapDevice, type CoapDeviceOptions } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

interface Given extends AdapterInTest {
  device(facts?: CoapDeviceOptions): CoapDevice;
}

async function given(
  facts: Partial<CoapAdapterOptions> = {},
  setting: TestSetting = {},
  /** Replaces parts of the kit's access for the adapter. */
  seen: (access: HostAccess) => Partial<HostAccess> = () => ({}),
): Promise<Given> {
  const adapter = createCoapAdapter({ ...options, ...facts });
  const inTest = await startForTest(
    {
      ...adapter,
      start: (host) => adapter.start({ ...host, access: { ...host.access, ...seen(host.access) } }),
    },
    setting,
  );
  onTestFinished(() => inTest.running.stop({ graceMs: 0 }));
  return {
    ...inTest,
    device(its = { psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey } }) {
      const device = createCoapDevice(inTest.address.port, its);
      onTestFinished(() => device.vanish());
      return device;
    },
  };
}

function proofOf({ der, key }: IssuedCertificate): ServerCertificate {
  return { chain: [der], key: createPrivateKey(key) };
}

function causes({ sink }: Pick<AdapterInTest, 'sink'>): readonly string[] {
  return sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
}

describe('associations of one device', () => {
  /** Each opens, and is served once. Returns the ones that are still open. */
  async function opened({ device }: Given, count: number): Promise<readonly CoapDevice[]> {
    const all: CoapDevice[] = [];
    for (let i = 0; i < count; i++) {
      const each = device();
      expect(await each.connect()).toBe(true);
      expect(await each.send('telemetry')).toBe('2.04');
      all.push(each);
    }
    return all.filter(({ dtls }) => dtls.isOpen);
  }

  test('beyond the bound of associations the one silent longest gives way, and the device stays present', async () => {
    const adapter = await given({ maxAssociationsPerDevice: 2 });
    const open = await opened(adapter, 6);
    expect(open).toHaveLength(2);
    expect(causes(adapter)).toEqual(['connected']);
    // and both are served
    for (const each of open) expect(await each.send('telemetry')).toBe('2.04');
    // and the lease is the device's
    await adapter.clock.advanceAsync(601_000);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  test.each([
    ['any number of associations, where the registry says 0,', 0, 4],
    ['as many associations as the registry says', 3, 3],
  ])('a device has %s open', async (_, maxConnectionsPerDevice, expected) => {
    const adapter = await given({ maxAssociationsPerDevice: 2 }, { tenant: { maxConnectionsPerDevice } });
    expect(await opened(adapter, 4)).toHaveLength(expected);
  });
});

describe('a device whose look-up fails for now gets no answer, and is served when it tries again', () => {
  const refusal = (reason: RefusalReason) =>
    ({ status: 'refused', refusal: { reason, text: 'try again later' } }) as const;

  test.each<RefusalReason>(['throttled', 'busy', 'unavailable'])(
    'a look-up that is %s gets no answer with a shared key, and the next handshake is done',
    async (reason) => {
      // given
      let asked = 0;
      const adapter = await given({}, {}, (access) => ({
        findPsk: async (login): Promise<PskLookup> => (++asked < 3 ? refusal(reason) : access.findPsk(login)),
      }));
      // when
      const device = adapter.device({
        psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey },
        retransmitMs: 20,
      });
      void device.connect();
      while (!device.dtls.isOpen) await settled();
      // then
      expect(asked).toBe(3);
      expect(await device.send('telemetry')).toBe('2.04');
    },
  );

  test.each<RefusalReason>(['throttled', 'busy', 'unavailable'])(
    'a look-up that is %s gets no answer with a certificate, and the next handshake is done',
    async (reason) => {
      let asked = 0;
      const adapter = await given(
        {
          secure: {
            ...options.secure,
            certificate: proofOf(scriptedAuthorities.acme.issue({ subject: 'CN=adapter' })),
          },
        },
        {},
        (access) => ({
          authenticate: async (login) => (++asked < 3 ? refusal(reason) : access.authenticate(login)),
        }),
      );
      const device = adapter.device({
        certificate: proofOf(scriptedAuthorities.acme.issue({ subject: 'CN=thermostat-7,O=acme' })),
        retransmitMs: 20,
      });
      void device.connect();
      while (!device.dtls.isOpen) await settled();
      expect(asked).toBe(3);
      expect(device.dtls.alert).toBeUndefined();
    },
  );
});

test('an address that many devices share has no limit of handshakes of its own', async () => {
  // given two handshakes that are under way at once
  const both = Promise.withResolvers<void>();
  let asked = 0;
  const adapter = await given({ maxHandshakesPerAddress: 1 }, {}, (access) => ({
    isShared: () => true,
    async findPsk(login): Promise<PskLookup> {
      if (++asked === 2) both.resolve();
      await both.promise;
      return access.findPsk(login);
    },
  }));
  const devices = [adapter.device(), adapter.device()];
  for (const device of devices) void device.connect();
  // then
  while (!devices.every(({ dtls }) => dtls.isOpen)) await settled();
  expect(asked).toBe(2);
});
