import type { Instant } from '@rollcall/core';
import { disconnectReasons } from '@rollcall/core/events';
import type { ConnectionTracker, CommonSignal } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { seededRandom } from './seeded-random.ts';

const signalsPerSeed = 1_000;
const ended: CommonSignal = { type: 'ended', reason: 'access-revoked' };

/** Every tracker must pass, whatever order `signals` arrive in. */
export function describeTracker<State, Signal>(
  name: string,
  tracker: ConnectionTracker<State, Signal>,
  signals: readonly Signal[],
): void {
  describe(`${name} honours the ConnectionTracker contract`, () => {
    test.each([1, 2, 3, 4, 5])(
      'connected and disconnected alternate, and time never runs backwards, for any order of signals (seed %i)',
      (seed) => {
        const random = seededRandom(seed);
        let state = tracker.initial;
        let online = false;
        let connectedBasis: unknown;
        let at = 1_000;
        const nextSignal = (): Signal | CommonSignal => {
          const kind = random.pick(20);
          if (kind === 0) return ended;
          return kind < 5 ? { type: 'deadline' } : (signals[random.pick(signals.length)] as Signal);
        };

        for (let i = 0; i < signalsPerSeed; i++) {
          at += random.pick(90_000);
          const signal = nextSignal();
          const before = JSON.stringify(state);
          const step = tracker.reduce(state, signal, at as Instant);

          expect(JSON.stringify(state), 'reduce must not change its input').toBe(before);
          expect(step.deadline ?? Number.POSITIVE_INFINITY, 'a deadline lies in the future').toBeGreaterThan(
            at,
          );
          for (const change of step.changes) {
            expect(change.type, 'connected and disconnected alternate').toBe(
              online ? 'disconnected' : 'connected',
            );
            online = change.type === 'connected';
            if (change.type === 'connected') {
              connectedBasis = change.basis.kind;
            } else {
              expect(disconnectReasons).toHaveProperty([change.reason]);
              expect(change.basis.kind, 'both halves have one basis').toBe(connectedBasis);
              expect(change.lastSeen, 'last seen is not in the future').toBeLessThanOrEqual(at);
              expect(change.lastSeen).toBeGreaterThan(0);
              expect(change.endedAt ?? at, 'an end is not in the future').toBeLessThanOrEqual(at);
              expect(change.endedAt ?? at, 'an end is not before').toBeGreaterThanOrEqual(change.lastSeen);
            }
          }
          if (signal === ended) expect(online, 'what the adapter ended is over').toBe(false);
          state = step.state;
          const presence = tracker.presence(state);
          expect(presence !== undefined, 'presence is that of a connected device').toBe(online);
          expect(presence?.lastSeen ?? at, 'last seen is not in the future').toBeLessThanOrEqual(at);
        }
      },
    );
  });
}
