import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { scriptedKey } from '@rollcall/conformance/registry';
import { expect, onTestFinished } from 'vitest';
import { createCoapAdapter, type CoapAdapterOptions } from '../adapter.ts';
import { createCoapDevice, type CoapDevice, type CoapDeviceOptions } from './coap-device.ts';
import { options } from './options.ts';

/** A device, which vanishes when the test ends. */
export function givenADevice(
  port: number,
  facts: CoapDeviceOptions & { readonly username?: string } = {},
): CoapDevice {
  const { username = 'thermostat-7@acme', ...rest } = facts;
  const device = createCoapDevice(port, {
    ...(!rest.certificate && { psk: { identity: Buffer.from(username), secret: scriptedKey } }),
    ...rest,
  });
  onTestFinished(() => device.vanish());
  return device;
}

/** An adapter on loopback, which stops when the test ends. */
export async function givenAnAdapter(
  facts: Partial<CoapAdapterOptions> = {},
  setting: TestSetting = {},
): Promise<AdapterInTest & { readonly port: number }> {
  const adapter = await startForTest(createCoapAdapter({ ...options, ...facts }), setting);
  onTestFinished(async () => {
    await adapter.running.stop({ graceMs: 0 });
  });
  return { ...adapter, port: adapter.address.port };
}

/** The same, with a device that has an association, and has sent nothing yet. */
export async function givenAConnectedDevice(
  facts: Partial<CoapAdapterOptions> = {},
  setting: TestSetting = {},
  device: Parameters<typeof givenADevice>[1] = {},
): Promise<AdapterInTest & { readonly port: number; readonly device: CoapDevice }> {
  const adapter = await givenAnAdapter(facts, setting);
  const connected = givenADevice(adapter.port, device);
  expect(await connected.connect()).toBe(true);
  return { ...adapter, device: connected };
}

/** The events, as `connected` or as the reason of the end. */
export function causes({ sink }: Pick<AdapterInTest, 'sink'>): readonly string[] {
  return sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
}

/** Of a request without a payload. */
export const empty = { payload: Buffer.alloc(0) };
