import { type DeviceRef, deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { recordingLog } from '@rollcall/conformance';
import { createTellRevoked } from './tell-revoked.ts';

const [one, other]: DeviceRef[] = [deviceRef('acme', 'one'), deviceRef('acme', 'other')];

test('a device is logged once while reviews are under way, and again afterwards', async () => {
  const log = recordingLog();
  const tell = createTellRevoked(log);
  const round = (): Promise<unknown> =>
    Promise.all(
      [1, 2].map(() =>
        tell.during(async () => {
          for (const device of [one, one, other]) if (device) tell(device);
        }),
      ),
    );
  await round();
  expect(log.lines.map(({ facts }) => facts)).toEqual([one, other]);
  await round();
  expect(log.lines.map(({ facts }) => facts)).toEqual([one, other, one, other]);
});

test('a review that fails does not silence the next', async () => {
  const log = recordingLog();
  const tell = createTellRevoked(log);
  const failing = tell.during(async () => {
    if (one) tell(one);
    throw new Error('away');
  });
  await expect(failing).rejects.toThrow('away');
  await tell.during(async () => {
    if (one) tell(one);
  });
  expect(log.lines).toHaveLength(2);
});
