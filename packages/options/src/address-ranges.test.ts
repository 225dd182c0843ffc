import { expect, test } from 'vitest';
import { addressRanges, parseAddressRanges } from './address-ranges.ts';

test('an address is within a range, however it is written', () => {
  const ranges = parseAddressRanges(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8:1::1', '2001:db8::1%eth0'])
    expect(ranges.has(address), address).toBe(true);
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '', 'localhost'])
    expect(ranges.has(address), address).toBe(false);
  expect(parseAddressRanges([]).has('10.1.2.3')).toBe(false);
});

test.each([
  '',
  '10.0.0.0/33',
  '10.0.0/8',
  '::1/129',
  'fe80::1%eth0',
  'localhost',
  '10.0.0.1,',
  '10.0.0.1/-1',
])('%o is refused', (text) => {
  expect(addressRanges.safeParse(text).success).toBe(false);
});
