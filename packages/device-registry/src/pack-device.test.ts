import { expect, test } from 'vitest';
import { packDevice, unpackDevice } from './pack-device.ts';

const pack = (unit: string) =>
  packDevice({ enabled: true, via: ['gateway'], defaults: { unit } } as unknown as Parameters<
    typeof packDevice
  >[0]);

test('devices that say the same share their default properties, and nothing else', () => {
  const one = unpackDevice('acme', 'one', pack('°C'));
  const other = unpackDevice('acme', 'other', pack('°C'));
  expect(other.registration.defaults).toBe(one.registration.defaults);
  expect([one.registration.device, other.registration.device]).toEqual([
    { tenant: 'acme', device: 'one' },
    { tenant: 'acme', device: 'other' },
  ]);
});

test('of thousands of different texts, each gives what it says', () => {
  for (let round = 0; round < 2; round++)
    for (let index = 0; index < 3_000; index++) {
      const { registration, via } = unpackDevice('acme', 'one', pack(`unit ${index}`));
      expect(registration.defaults).toEqual({ unit: `unit ${index}` });
      expect(via).toEqual(['gateway']);
    }
});

test('a text too long to be kept gives what it says', () => {
  const unit = 'x'.repeat(5_000);
  expect(unpackDevice('acme', 'one', pack(unit)).registration.defaults).toEqual({ unit });
});
