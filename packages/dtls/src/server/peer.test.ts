import { expect, test } from 'vitest';
import { addressBlocks } from './peer.ts';

test.each([
  ['10.0.0.1', '10.0.0', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1', '2001:db8:1:2'],
  ['2001:0db8:1:2::7', '2001:db8:1', '2001:db8:1:2'],
  ['2001:db8::7', '2001:db8:0', '2001:db8:0:0'],
  ['::1', '0:0:0', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0', 'fe80:0:0:0'],
  ['1::2:3:4:5:6:7', '1:0:2', '1:0:2:3'],
])('%s lies in %s, and in %s', (address, wide, near) => {
  expect(addressBlocks(address)).toEqual([wide, near]);
});
