import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceKey, deviceRef, epochAfter, type Epoch } from './ids.ts';

test('device keys are equal for equal devices only', () => {
  const tenant = fc.string().filter((name) => !name.includes('\n'));
  fc.assert(
    fc.property(tenant, fc.string(), tenant, fc.string(), (tenantA, deviceA, tenantB, deviceB) => {
      const same = tenantA === tenantB && deviceA === deviceB;
      expect(deviceKey(deviceRef(tenantA, deviceA)) === deviceKey(deviceRef(tenantB, deviceB))).toBe(same);
    }),
    { seed: 1 },
  );
  expect(deviceKey(deviceRef('a', 'b'))).toBe(deviceKey(deviceRef('a', 'b')));
  expect(deviceKey(deviceRef('a', 'b/c'))).not.toBe(deviceKey(deviceRef('a/b', 'c')));
});

test.each([
  ['0192d3a1b2c30000', '0192d3a1b2c30001'],
  ['0192d3a1b2c3ffff', '0192d3a1b2c40000'],
  ['0000000000000009', '000000000000000a'],
])('after the epoch %s comes %s', (epoch, next) => {
  expect(epochAfter(epoch as Epoch)).toBe(next);
});
