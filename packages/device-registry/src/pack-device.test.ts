import { expect, test } from 'vitest';
import { packDevice, unpackDevice } from './pack-device.ts';

const pack = (unit: string) =>
  packDevice({ enabled: true, via: ['gateway'], defaults: { unit } } as unknown as Parameters<
    typeof packDevice
  >[0]);

test('devices with equal default properties share one object for them, and nothing else', () => {
  const one = unpackDevice('acme', 'one', pack('°C'));
  const other = unpackDevice('acme', 'other', pack('°C'));
  expect(other.registration.defaults).toBe(one.registration.defaults);
  expect([one.registration.device, other.registration.device]).toEqual([
    { tenant: 'acme', device: 'one' },
    { tenant: 'acme', device: 'other' },
  ]);
});

test('unpackDevice gives each of thousands of devices its own default properties', () => {
  for (let round = 0; round < 2; round++)
    for (let index = 0; index < 3_000; index++) {
      const { registration, via } = unpackDevice('acme', 'one', pack(`unit ${index}`));
      expect(registration.defaults).toEqual({ unit: `unit ${index}` });
      expect(via).toEqual(['gateway']);
    }
});

test('unpackDevice reads default properties that are too long to be shared', () => {
  const unit = 'x'.repeat(5_000);
  expect(unpackDevice('acme', 'one', pack(unit)).registration.defaults).toEqual({ unit });
});
