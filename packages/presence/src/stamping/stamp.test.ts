import { anEvent, ManualClock, seededRandom } from '@rollcall/conformance';
import type { Epoch, Instant, Timestamp } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { stampDisconnected, type StampContext } from './stamp.ts';
import { createWallTime } from './wall-time.ts';

const session = { kind: 'session', detectWithinMs: 90_000 } as const;
const epoch = '0123456789ab0001' as Epoch;

/** How an adapter stamps an ending if its event loop was late by `latenessMs` at the report, and at the last sign of the device. */
function givenAnAdapter({ latenessMs = (_at: Instant): number => 0 } = {}) {
  const clock = new ManualClock();
  const event = anEvent('one', { at: clock.now() });
  const context: StampContext = {
    clock,
    random: seededRandom(1),
    identity: event.adapter,
    nextEpoch: () => epoch,
    exposeRemoteAddress: true,
    journalFor: () => undefined,
    loop: { latenessMs },
    wall: createWallTime(clock),
  };
  return {
    clock,
    event,
    began: context.wall.offset(),
    stamp: (
      of: { readonly event: ConnectedEvent; readonly began?: number },
      change: Partial<DisconnectedChange>,
    ) =>
      stampDisconnected(
        context,
        of,
        {
          type: 'disconnected',
          basis: session,
          reason: 'connection-lost',
          lastSeen: clock.monotonic(),
          ...change,
        },
        clock.monotonic(),
        0,
      ),
  };
}

describe('an ending', () => {
  test('has an epoch of its own', () => {
    const { stamp, event } = givenAnAdapter();
    expect(stamp({ event }, {})).toMatchObject({ endedEpoch: epoch });
  });

  test('of a connection that began later by the wall clock, in an earlier incarnation, is at the time of its beginning', () => {
    const { stamp, event, clock } = givenAnAdapter();
    const later = { ...event, at: (event.at + 3_600_000) as Timestamp };
    const heard = clock.monotonic();
    clock.advance(5_000);
    expect(stamp({ event: later }, { lastSeen: heard })).toMatchObject({
      connectedAt: later.at,
      lastSeen: later.at,
      at: later.at,
      uncertaintyMs: 0,
    });
  });

  test('whose goodbye came before the last bytes were read has no byte after its end', () => {
    const { stamp, event, began, clock } = givenAnAdapter();
    clock.advance(5_000);
    const endedAt = clock.monotonic();
    clock.advance(2_000);
    expect(stamp({ event, began }, { endedAt, lastSeen: clock.monotonic() })).toMatchObject({
      at: event.at + 5_000,
      lastSeen: event.at + 5_000,
      uncertaintyMs: 0,
    });
  });

  test('that is known exactly is uncertain by the lateness of the loop at the report', () => {
    const late = givenAnAdapter({ latenessMs: (at) => (at > lastSeen ? 200 : 700) });
    const lastSeen = late.clock.monotonic();
    late.clock.advance(5_000);
    const { event, began } = late;
    expect(late.stamp({ event, began }, { reason: 'client-closed', lastSeen }).uncertaintyMs).toBe(200);
  });

  test.each([
    [700, 300, 5_700],
    [0, 300, 5_300],
  ])(
    'after silence is uncertain by the silence, and by the lateness at the report (%i ms) or at the last sign of the device (%i ms)',
    (whenTold, whenHeard, uncertaintyMs) => {
      const late = givenAnAdapter({ latenessMs: (at) => (at > lastSeen ? whenTold : whenHeard) });
      late.clock.advance(60_000);
      const lastSeen = late.clock.monotonic();
      late.clock.advance(5_000);
      const { event, began } = late;
      expect(late.stamp({ event, began }, { lastSeen }).uncertaintyMs).toBe(uncertaintyMs);
    },
  );

  test.each(['client-closed', 'connection-lost'] as const)(
    'as %s of a device whose last bytes waited for the loop: it was seen when they can have arrived at the earliest',
    (reason) => {
      const late = givenAnAdapter({ latenessMs: (at) => (at > lastSeen ? 0 : 700) });
      late.clock.advance(60_000);
      const lastSeen = late.clock.monotonic();
      late.clock.advance(5_000);
      const { event, began } = late;
      const ending = late.stamp({ event, began }, { reason, lastSeen });
      expect(ending).toMatchObject({ at: event.at + 65_000, lastSeen: event.at + 60_000 - 700 });
    },
  );

  test('of a device whose last bytes waited, but not since before its connection began, was seen when that began', () => {
    const late = givenAnAdapter({ latenessMs: () => 700 });
    late.clock.advance(100);
    const { event, began } = late;
    expect(late.stamp({ event, began }, {})).toMatchObject({ lastSeen: event.at });
  });

  describe('of a device that left before its login was over', () => {
    /** The adapter took 2 s for the login, and learns of the end after another 5 s. */
    function afterSlowLogin(change: (saidAt: Instant) => Partial<DisconnectedChange>) {
      const { stamp, event, clock } = givenAnAdapter();
      const saidAt = clock.monotonic();
      clock.advance(2_000);
      const accepted = { ...event, at: clock.now() };
      const began = createWallTime(clock).offset();
      clock.advance(5_000);
      return { accepted, ending: stamp({ event: accepted, began }, change(saidAt)), leftAt: event.at };
    }

    test('and said goodbye is at the time of the beginning, and uncertain by what the login took', () => {
      const { accepted, ending } = afterSlowLogin((saidAt) => ({
        reason: 'client-closed',
        endedAt: saidAt,
        lastSeen: saidAt,
      }));
      expect(ending).toMatchObject({ at: accepted.at, lastSeen: accepted.at, uncertaintyMs: 2_000 });
    });

    test('and was lost is uncertain from its last byte on', () => {
      const { accepted, ending, leftAt } = afterSlowLogin((saidAt) => ({ lastSeen: saidAt }));
      expect(ending).toMatchObject({ at: accepted.at + 5_000, lastSeen: accepted.at });
      expect(ending.at - ending.uncertaintyMs).toBe(leftAt);
    });
  });

  test('of a connection that began as late as it ended may have been before its beginning', () => {
    const { stamp, event, began } = givenAnAdapter({ latenessMs: () => 1_500 });
    expect(stamp({ event, began }, { reason: 'client-closed' })).toMatchObject({
      at: event.at,
      uncertaintyMs: 1_500,
    });
  });
});
