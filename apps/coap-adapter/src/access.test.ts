import { createPrivateKey } from 'node:crypto';
import {
  accessChangesOf,
  setFirstSecret,
  startForTest,
  type AdapterInTest,
} from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { scriptedAuthorities, scriptedKey } from '@rollcall/conformance/registry';
import { coapCode } from '@rollcall/coap';
import type { Timestamp } from '@rollcall/core';
import { afterEach, describe, expect, test } from 'vitest';
import { createCoapAdapter } from './adapter.ts';
import { createCoapDevice, type CoapDevice, type CoapDeviceOptions } from './testing/coap-device.ts';
import { options } from './testing/options.ts';

const minute = 60_000;
const devices: CoapDevice[] = [];
const adapters: AdapterInTest[] = [];
afterEach(async () => {
  for (const device of devices.splice(0)) device.vanish();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

function certified(subject: string) {
  const { der, key } = scriptedAuthorities.acme.issue({ subject });
  return { chain: [der], key: createPrivateKey(key) };
}
const proofs = {
  psk: { psk: { identity: Buffer.from('thermostat-7@acme'), secret: scriptedKey } },
  'x509-cert': { certificate: certified('CN=thermostat-7,O=acme') },
} as const satisfies Record<string, CoapDeviceOptions>;
const types = ['psk', 'x509-cert'] as const;
type ProofType = (typeof types)[number];

async function givenAnAdapter(type: ProofType, expiresInMs?: number): Promise<AdapterInTest> {
  const secure = { ...options.secure, certificate: certified('CN=localhost') };
  const adapter = await startForTest(createCoapAdapter({ ...options, secure }));
  adapters.push(adapter);
  const notAfter = (adapter.clock.now() + (expiresInMs ?? 0)) as Timestamp;
  setFirstSecret(adapter.registry, type, expiresInMs === undefined ? {} : { notAfter });
  return adapter;
}

function givenADevice({ address }: AdapterInTest, type: ProofType, more: Partial<CoapDeviceOptions> = {}) {
  const device = createCoapDevice(address.port, { ...proofs[type], ...more });
  devices.push(device);
  return device;
}

async function givenAPresentDevice(type: ProofType, expiresInMs?: number) {
  const adapter = await givenAnAdapter(type, expiresInMs);
  const device = givenADevice(adapter, type);
  expect(await device.connect()).toBe(true);
  expect(await device.send('telemetry')).toBe('2.04');
  return { adapter, device };
}

const causes = ({ sink }: AdapterInTest): readonly string[] =>
  sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));

describe.each(types)('a device that came in by %s', (type) => {
  test.each(accessChangesOf(type))(
    'when $what, its association, its session and its lease end or go on as they must',
    async (change) => {
      const { adapter, device } = await givenAPresentDevice(type);
      const { session } = device.dtls;
      change.happens(adapter.registry, type, adapter.clock.now());
      await settled();
      const stays = change.opened === 'stays';
      if (stays) expect(await device.send('telemetry')).toBe('2.04');
      else await expect.poll(() => device.dtls.isOpen).toBe(false);
      expect(adapter.sender.messages).toHaveLength(stays ? 2 : 1);
      expect(causes(adapter)).toEqual(change.lease === 'stays' ? ['connected'] : ['connected', change.lease]);

      const again = givenADevice(adapter, type, session && { session });
      await again.connect();
      expect(again.dtls.isResumed, 'its session').toBe(stays);
    },
  );

  test('a session is not resumed once the secret that made it is replaced', async () => {
    const { adapter, device } = await givenAPresentDevice(type);
    const { session } = device.dtls;
    device.close();
    devices.splice(0);
    await adapter.events(2);
    setFirstSecret(adapter.registry, type, { id: '2' });
    const again = givenADevice(adapter, type, session && { session });
    expect(await again.connect(), 'with a full handshake').toBe(true);
    expect(again.dtls.isResumed).toBe(false);
  });

  test('a secret that expires ends the association, and the lease runs out when it would have', async () => {
    const { adapter, device } = await givenAPresentDevice(type, minute);
    await adapter.clock.advanceAsync(minute - 1);
    expect(device.dtls.isOpen).toBe(true);
    await adapter.clock.advanceAsync(1);
    await expect.poll(() => device.dtls.isOpen).toBe(false);
    await adapter.clock.advanceAsync(9 * minute - 1);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(1);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  test('a lease goes on under the same connection id when a valid secret is proved in time', async () => {
    const { adapter, device } = await givenAPresentDevice(type, minute);
    await adapter.clock.advanceAsync(minute);
    await expect.poll(() => device.dtls.isOpen).toBe(false);
    setFirstSecret(adapter.registry, type, { id: '2' });
    const again = givenADevice(adapter, type);
    expect(await again.connect()).toBe(true);
    expect(await again.send('telemetry')).toBe('2.04');
    await adapter.clock.advanceAsync(10 * minute - 1);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(1);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
    const [first, last] = adapter.sink.events;
    expect(last?.connectionId).toBe(first?.connectionId);
  });

  test('a request that waits while its secret is replaced does not renew the lease', async () => {
    const { adapter, device } = await givenAPresentDevice(type);
    const answer = device.send('telemetry?hono-ttd=60').catch(() => 'none');
    await expect.poll(() => adapter.sender.messages.length).toBe(2);
    await settled();
    await adapter.clock.advanceAsync(minute / 2);
    setFirstSecret(adapter.registry, type, { id: '2' });
    await expect.poll(() => device.dtls.isOpen).toBe(false);
    device.coap.close();
    await answer;
    await adapter.clock.advanceAsync(9.5 * minute - 1);
    expect(causes(adapter)).toEqual(['connected']);
    await adapter.clock.advanceAsync(1);
    expect(causes(adapter)).toEqual(['connected', 'inactive']);
  });

  const signs: readonly (readonly [string, (device: CoapDevice) => Promise<unknown>])[] = [
    ['a request', (device) => device.send('telemetry')],
    ['a ping', (device) => device.coap.ping()],
    ['a bad option', (device) => device.send('telemetry', { options: [{ number: 9, value: Buffer.of(1) }] })],
    ['an unknown method', (device) => device.send('telemetry', { code: coapCode.delete })],
  ];
  test.each(signs)(
    '%s is no sign of the device once its secret has expired by the wall clock',
    async (_what, sign) => {
      const { adapter, device } = await givenAPresentDevice(type, minute);
      // No timer has noticed it yet.
      const now = adapter.clock.now() + minute;
      adapter.clock.now = () => now as Timestamp;
      const answer = sign(device).catch(() => 'none');
      await expect.poll(() => device.dtls.isOpen).toBe(false);
      device.coap.close();
      await answer;
      expect(adapter.sender.messages).toHaveLength(1);
    },
  );
});
