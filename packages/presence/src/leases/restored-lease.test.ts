import { anEvent, ManualClock } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import type { LeaseBasis } from '@rollcall/core/internal';
import { expect, test } from 'vitest';
import type { OpenEntry } from '@rollcall/outbox';
import { restoreLease } from './restored-lease.ts';

const intervalMs = 600_000;
const basis: LeaseBasis = { kind: 'lease', intervalMs, from: 'learned', detectWithinMs: intervalMs };
const registry = { getTenant: async () => ({ status: 'unavailable' }) as never } as unknown as Parameters<
  typeof restoreLease
>[1];

const hour = 3_600_000;

test.each([
  { case: 'on time', steppedMs: 0, silentMs: 60_000 },
  { case: 'an hour before', steppedMs: -hour, silentMs: 0 },
  { case: 'an hour later', steppedMs: hour, silentMs: 60_000 + hour },
])(
  'a lease has one interval from the restart on, with a wall clock that is $case',
  async ({ steppedMs, silentMs }) => {
    const clock = new ManualClock();
    const event = anEvent('connected', { basis, at: clock.now() });
    const noted: OpenEntry['noted'] = {
      lastSeen: clock.now(),
      lease: { basis, until: (clock.now() + intervalMs) as Timestamp },
    };
    clock.advance(60_000);
    clock.stepWall(steppedMs);
    const restored = await restoreLease({ event, noted }, registry, clock);
    expect(restored).toMatchObject({
      lastSeen: clock.monotonic() - silentMs,
      until: clock.monotonic() + intervalMs,
    });
  },
);
