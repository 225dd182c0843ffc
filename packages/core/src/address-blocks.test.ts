import { expect, test } from 'vitest';
import { addressBlocks } from './address-blocks.ts';

test.each([
  ['192.0.2.1', '192.0.2.1', '192.0.2.0/24'],
  ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.0/24'],
  ['::ffff:c000:201', '192.0.2.1', '192.0.2.0/24'],
  ['0:0:0:0:0:FFFF:c000:0201', '192.0.2.1', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:0DB8:0001:0002:ffff::', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:db8:1::6', '2001:db8:1::/64', '2001:db8:1::/48'],
  ['2001:db8::5', '2001:db8::/64', '2001:db8::/48'],
  ['::1', '::/64', '::/48'],
  ['fe80::1%eth0', 'fe80::/64', 'fe80::/48'],
  ['64:ff9b::1', '64:ff9b::/64', '64:ff9b::/48'],
])('%s belongs to %s and to %s', (address, near, wide) => {
  expect(addressBlocks(address)).toEqual({ near, wide });
});

test.each(['', 'unknown', '1.2.3', '1::2::3', '1:2:3', '1:2:3:4:5:6:7:8:9', 'g::1'])(
  '%o is no address, and a block of its own',
  (text) => {
    expect(addressBlocks(text)).toEqual({ near: text, wide: text });
  },
);
