import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { ConnectionTracker, Step } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { anEventMessage } from './an-event.ts';
import { describeSink } from './describe-sink.ts';
import { describeTracker } from './describe-tracker.ts';
import { ManualClock } from './manual-clock.ts';
import { RecordingSink } from './recording-sink.ts';
import { seededRandom } from './seeded-random.ts';

describeSink('recording', async () => {
  const sink = new RecordingSink();
  return { sink, received: async () => sink.events.map(({ id }) => id) };
});

/** The smallest tracker: what `flip` begins it ends, and so does a second of silence. */
const basis = { kind: 'session', detectWithinMs: 1_000 } as const;
const flip: ConnectionTracker<{ readonly since?: Instant }, { readonly type: 'flip' }> = {
  initial: {},
  reduce({ since }, signal, at): Step<{ readonly since?: Instant }> {
    if (since === undefined)
      return signal.type === 'flip'
        ? { state: { since: at }, changes: [{ type: 'connected', basis }], deadline: later(at, 1_000) }
        : { state: {}, changes: [] };
    return { state: {}, changes: [{ type: 'disconnected', basis, reason: 'unspecified', lastSeen: since }] };
  },
  presence: ({ since }) => since && { lastSeen: since },
};
describeTracker('flip', flip, [{ type: 'flip' }]);

describe('ManualClock', () => {
  test('wakes alarms in the order of their deadlines, each at its own instant', () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const begun = clock.monotonic();
    const woken: [string, number][] = [];
    clock.at(later(begun, 20), () => woken.push(['second', clock.monotonic() - begun]));
    clock.at(later(begun, 10), () => {
      woken.push(['first', clock.monotonic() - begun]);
      clock.at(later(clock.monotonic(), 5), () => woken.push(['made on the way', clock.monotonic() - begun]));
    });
    const disarm = clock.at(later(begun, 12), () => woken.push(['disarmed', 0]));
    disarm();
    clock.advance(30);
    expect(woken).toEqual([
      ['first', 10],
      ['made on the way', 15],
      ['second', 20],
    ]);
    expect(clock.now()).toBe(Date.parse('2026-01-01T00:00:00.030Z'));
    expect(clock.armed).toBe(0);
  });

  test('keeps deadlines where they are when the wall clock is stepped', () => {
    const clock = new ManualClock();
    let woken = 0;
    clock.at(later(clock.monotonic(), 1_000), () => (woken += 1));
    clock.stepWall(3_600_000);
    clock.advance(999);
    expect(woken).toBe(0);
    clock.advance(1);
    expect(woken).toBe(1);
  });

  test('lets promises settle between two alarms in advanceAsync()', async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.at(
      later(clock.monotonic(), 1),
      () => void Promise.resolve().then(() => seen.push('after the first')),
    );
    clock.at(later(clock.monotonic(), 2), () => seen.push('second'));
    await clock.advanceAsync(5);
    expect(seen).toEqual(['after the first', 'second']);
  });
});

test('seededRandom repeats for one seed, and differs between seeds', () => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed).next);
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true);
});

test('anEventMessage() encodes the event of anEvent()', () => {
  expect(anEventMessage('e1').byteLength).toBeGreaterThan(500);
});
