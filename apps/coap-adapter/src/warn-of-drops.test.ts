import { recordingLog } from '@rollcall/adapter-kit/conformance';
import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { warnOfDrops } from './warn-of-drops.ts';

test('whoever is turned away for want of room is told of once a minute, and not again', () => {
  const clock = new ManualClock();
  const log = recordingLog();
  const dropped = { 'too-many-handshakes': 3, 'too-many-associations': 0 };
  const counters = { dropped } as Parameters<typeof warnOfDrops>[0]['counters'];
  const stop = warnOfDrops({ counters }, clock, log);
  dropped['too-many-handshakes'] += 4;
  dropped['too-many-associations'] += 1;
  clock.advance(59_999);
  expect(log.lines).toEqual([]);
  clock.advance(1);
  expect(log.lines).toMatchObject([{ level: 'warn', facts: { dropped: 5 } }]);
  clock.advance(600_000);
  expect(log.lines).toHaveLength(1);
  stop();
  expect(clock.armed).toBe(0);
});
