import { createPrivateKey } from 'node:crypto';
import { coapCode } from '@rollcall/coap';
import { settled } from '@rollcall/conformance';
import { scriptedAuthorities } from '@rollcall/conformance/registry';
import type { TestSetting } from '@rollcall/adapter-process/testing';
import { describe, expect, test } from 'vitest';
import { causes, givenADevice, givenAnAdapter } from './testing/adapter-bed.ts';
import { options } from './testing/options.ts';

function certified(subject: string) {
  const { der, key } = scriptedAuthorities.acme.issue({ subject });
  return { chain: [der], key: createPrivateKey(key) };
}
const secure = { ...options.secure, certificate: certified('CN=localhost') };
const elsewhere: TestSetting = { tenant: { adapters: [{ type: 'hono-mqtt', enabled: true, ext: {} }] } };

/** A device proves its identity, and its answers say that it may not be served, as in Hono. */
describe.each([
  ['key', (name: string) => ({ username: `${name}@acme` })],
  ['certificate', (name: string) => ({ certificate: certified(`CN=${name},O=acme`) })],
])('with its %s', (_what, proofOf) => {
  test.each<[string, string, string | undefined, TestSetting]>([
    ['a disabled device', '4.04', 'thermostat-7', {}],
    ['a device of a disabled tenant', '4.03', undefined, {}],
    ['a device whose tenant has no such adapter', '4.03', undefined, elsewhere],
  ])('%s connects, and gets %s', async (what, code, name, setting) => {
    const adapter = await givenAnAdapter({ secure }, setting);
    if (what.includes('disabled')) adapter.registry.disable('acme', name);
    const device = givenADevice(adapter.port, proofOf('thermostat-7'));
    expect(await device.connect()).toBe(true);
    for (const path of ['telemetry', 'event?empty&hono-ttd=0', 'telemetry?hono-ttd=60'])
      expect(await device.send(path, path.includes('empty') ? { payload: Buffer.alloc(0) } : {})).toBe(code);
    expect(adapter.sender.messages).toEqual([]);
    expect(adapter.sink.events).toEqual([]);
  });

  test('a disabled gateway hears 4.03 for a device, and 4.04 for itself', async () => {
    const adapter = await givenAnAdapter({ secure });
    adapter.registry.disable('acme', 'gw-1');
    const device = givenADevice(adapter.port, proofOf('gw-1'));
    expect(await device.connect()).toBe(true);
    const put = { code: coapCode.put };
    expect(await device.send('event//valve-1', put)).toBe('4.03');
    expect(await device.send('event/acme/gw-1', put)).toBe('4.04');
    expect(await device.send('event')).toBe('4.04');
  });
});

test('a device that is enabled again is served, with the interval that the registry declares for it', async () => {
  const declared: TestSetting = {
    tenant: { adapters: [{ type: 'hono-coap', enabled: true, ext: { 'presence-interval': 90 } }] },
  };
  const adapter = await givenAnAdapter({}, declared);
  adapter.registry.disable('acme', 'thermostat-7');
  const device = givenADevice(adapter.port);
  expect(await device.connect()).toBe(true);
  expect(await device.send('telemetry')).toBe('4.04');
  adapter.registry.enable('acme', 'thermostat-7');
  await settled();
  expect(await device.send('telemetry')).toBe('2.04');
  expect(adapter.sink.events).toMatchObject([{ basis: { intervalMs: 90_000, from: 'declared' } }]);
});

test('a credential that is unknown still gets no answer', async () => {
  const adapter = await givenAnAdapter();
  const device = givenADevice(adapter.port, { username: 'nobody@acme' });
  expect(await device.connect()).toBe(false);
  expect(causes(adapter)).toEqual([]);
});

test('a GET of /.well-known/core lists the resources', async () => {
  const adapter = await givenAnAdapter();
  const device = givenADevice(adapter.port);
  expect(await device.connect()).toBe(true);
  const answer = await device.ask({ path: ['.well-known', 'core'], code: coapCode.get });
  expect(answer.code).toBe(coapCode.content);
  expect(Buffer.from(answer.payload).toString()).toBe(
    '</command_response>,</cr>,</e>,</event>,</t>,</telemetry>',
  );
  expect(await device.send('.well-known/core', { code: coapCode.post })).toBe('4.05');
});
