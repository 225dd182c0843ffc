import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceKey, deviceRef } from './ids.ts';

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
